// What is made when it is first asked for.

/** Calls a function the first time only. */
function once(compute) {
  let kept;
  let isKept = false;
  return () => {
    if (!isKept) [kept, isKept] = [compute(), true];
    return kept;
  };
}
