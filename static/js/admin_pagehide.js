// The admin closes its pop-ups on "unload", which keeps pages out of the back-forward cache; "pagehide" does the same
// and does not. Loads before the admin's scripts.
const { addEventListener: listen } = window;
window.addEventListener = (type, ...rest) => listen.call(window, type === "unload" ? "pagehide" : type, ...rest);
