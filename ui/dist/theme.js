// Runs before the first paint so that a chosen theme and language never flash.
// A file of its own because the content security policy forbids inline scripts.
(function () {
  try {
    var theme = localStorage.getItem("croft.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
    var locale = localStorage.getItem("croft.locale");
    if (locale) document.documentElement.lang = locale;
  } catch {
    /* storage may be forbidden: the system's theme then */
  }
})();
