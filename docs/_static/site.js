// Long pages have their parts folded; where there is room, and on paper, all are open.
const open = () => document.querySelectorAll("details.fold").forEach(each => { each.open = true })
document.addEventListener("DOMContentLoaded", () => { if (matchMedia("(min-width: 48em)").matches) open() })
addEventListener("beforeprint", open)
