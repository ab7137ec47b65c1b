// Runs before the first paint: ?theme= wins, then the stored choice, then the system.
const asked = new URLSearchParams(location.search).get("theme");
let stored = null;
try { stored = localStorage.getItem("theme"); } catch { /* private mode */ }
const theme = asked || stored;
if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
