// Comforts only: every page works without this file.
"use strict";

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

const hint = document.querySelector("[data-zone-hint]");
if (hint) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const select = document.querySelector("select[name=zone]");
  const known = [...select.options].some((option) => option.text === zone);
  if (known && select.value !== zone) {
    hint.querySelector("strong").textContent = zone;
    hint.querySelector("button").addEventListener("click", () => {
      select.value = zone;
      hint.hidden = true;
    });
    hint.hidden = false;
  }
}

// A chosen period needs no second click, unless dates are to be filled in.
const period = document.querySelector("select[name=period]");
if (period) {
  const range = document.querySelector(".range input");
  period.addEventListener("change", () => {
    if (period.value === "range") range.focus();
  });
}
