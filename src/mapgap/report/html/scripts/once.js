// What is made when it is first asked for.

/** Calls a function the first time only. */
function once(compute) {
  let kept;
  let isKept = false;
  return (...given) => {
    if (!isKept) [kept, isKept] = [compute(...given), true];
    return kept;
  };
}
