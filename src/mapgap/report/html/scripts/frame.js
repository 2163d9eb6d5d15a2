// In the frame of a notebook: links to sections, which would otherwise be addresses of the notebook's page.

function mountFrame() {
  if (!location.href.startsWith("about:")) return;
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    const section = link && document.getElementById(link.getAttribute("href").slice(1));
    if (!link) return;
    event.preventDefault();
    if (!section) return;
    section.tabIndex = -1; // the next Tab goes on from here, as after any such link
    section.focus({ preventScroll: true });
    section.scrollIntoView();
  });
}
