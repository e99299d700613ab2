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

// Parts of a page that take their time come when the rest is there; until then there is a link.
for (const place of document.querySelectorAll("[data-part]")) {
  ask(place.dataset.part, "part")
    .then(read)
    .then((part) => place.replaceChildren(...part.head.childNodes, ...part.body.childNodes))
    .catch(() => {});
}

// What is too long for the one box, and a file that is dropped on it, goes where there is room.
const paste = document.querySelector("[data-paste] form");
const question = document.querySelector(".ask");
if (paste && question) {
  const most = 1000000;
  const { text, file } = paste.elements;
  const hold = (chosen) => {
    const held = new DataTransfer();
    held.items.add(new File([chosen.slice(0, most)], chosen.name, { type: chosen.type }));
    file.files = held.files;
  };
  question.elements.q.addEventListener("paste", (event) => {
    const pasted = event.clipboardData.getData("text");
    if (!pasted.trim().includes("\n") && pasted.length <= event.target.maxLength) return;
    event.preventDefault();
    text.value = pasted.slice(0, most / 4);
    paste.requestSubmit();
  });
  file.addEventListener("change", () => {
    if (file.files[0]?.size > most) hold(file.files[0]);
  });
  question.addEventListener("dragover", (event) => event.preventDefault());
  question.addEventListener("drop", (event) => {
    const [dropped] = event.dataTransfer.files;
    if (!dropped) return;
    event.preventDefault();
    hold(dropped);
    paste.requestSubmit();
  });
}

// Menus over the table: one at a time, closed by Escape and by a click beside them.
const menus = () => document.querySelectorAll(".menu-box[open]");
document.addEventListener("click", (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus()) {
    menu.open = false;
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
  }
});

// The report: rows that open in place, keys, columns, and an answer that renews itself.
const answer = () => document.getElementById("answer");
let isAsking = false;
let isPaused = false;
let timer = 0;
let saving = 0;

if (answer()) {
  document.addEventListener("click", clicked);
  document.addEventListener("keydown", pressed);
  document.addEventListener("change", (event) => {
    const form = event.target.closest("[data-columns]");
    if (form) saveSoon(form);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-columns]");
    if (!form) return;
    event.preventDefault();
    form.closest(".menu-box").open = false;
    save(form, event.submitter);
  });
  document.addEventListener("visibilitychange", watch);
  dress();
}

// Makes what the server sent ready for all this.
function dress() {
  for (const opener of answer().querySelectorAll(".opener")) {
    const under = opener.closest("tr").nextElementSibling;
    opener.setAttribute("role", "button");
    opener.setAttribute("aria-expanded", String(Boolean(under?.matches(".inside"))));
  }
  for (const row of rows()) row.tabIndex = -1;
  for (const form of answer().querySelectorAll("[data-columns]")) addMovers(form);
  const shown = answer().querySelectorAll(".keys, [data-pause]");
  for (const each of shown) each.hidden = false;
  const spared = answer().querySelectorAll(".columns-form .place, .columns-form .hint");
  for (const each of spared) each.hidden = true;
  answer().querySelector("[data-pause]")?.setAttribute("aria-pressed", String(isPaused));
  watch();
}

function rows() {
  return [...answer().querySelectorAll(".report tbody tr[id]")];
}

function clicked(event) {
  if (event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const opener = event.target.closest(".opener");
  const refresher = event.target.closest("[data-refresher]");
  const mover = event.target.closest("[data-move]");
  if (opener || refresher) event.preventDefault();
  if (opener) toggle(opener);
  else if (refresher) renew(refresher.href);
  else if (mover) move(mover);
  else if (event.target.closest("[data-pause]")) {
    isPaused = !isPaused;
    dress();
  }
}

// Keys of the table work only while the focus is in it (WCAG 2.1.4).
function pressed(event) {
  if (event.metaKey || event.ctrlKey || event.altKey || !event.target.closest(".table-box")) return;
  const all = rows();
  const at = all.indexOf(event.target.closest("tr[id]"));
  const step = { j: 1, k: -1 }[event.key];
  if (step) {
    all[Math.min(Math.max(at + step, 0), all.length - 1)].focus();
  } else if (event.key === "Enter" && at >= 0 && event.target === all[at]) {
    all[at].querySelector(".opener, .c-actions a")?.click();
  } else if (event.key === " " && event.target.matches(".opener")) {
    event.target.click();
  } else return;
  event.preventDefault();
}

// A row opens in place; where that fails, its link is followed.
async function toggle(opener) {
  const row = opener.closest("tr");
  if (row.nextElementSibling?.matches(".inside")) {
    row.nextElementSibling.remove();
  } else if (!row.dataset.waits) {
    row.dataset.waits = "1";
    try {
      const id = new URL(opener.href).searchParams.get("open");
      const inside = await read(await ask(`/message/${id}/row`, "row"));
      const cell = document.createElement("td");
      cell.colSpan = row.cells.length;
      cell.append(...inside.body.childNodes);
      const under = document.createElement("tr");
      under.className = "inside";
      under.append(cell);
      row.after(under);
    } catch (error) {
      if (error.message !== "200") location.assign(opener.href);
    }
    delete row.dataset.waits;
  }
  opener.setAttribute("aria-expanded", String(Boolean(row.nextElementSibling?.matches(".inside"))));
}

async function ask(address, part, how = {}) {
  const answered = await fetch(address, { headers: { "X-Part": part }, ...how });
  const isOver = new URL(answered.url).pathname === "/sign-in";
  if (isOver) location.reload();
  if (isOver || !answered.ok) throw new Error(String(answered.status));
  return answered;
}

async function read(answered) {
  return new DOMParser().parseFromString(await answered.text(), "text/html");
}

// The answer is asked for again and put in place of the old one.
async function renew(address, how) {
  if (isAsking) return;
  isAsking = true;
  answer().setAttribute("aria-busy", "true");
  try {
    const answered = await ask(address, "answer", how);
    const fresh = (await read(answered)).getElementById("answer");
    if (fresh) {
      replace(fresh);
      if (how) history.replaceState(null, "", answered.url);
    }
  } catch {
    // The old answer is still there, and the next time may do.
  }
  answer().removeAttribute("aria-busy");
  isAsking = false;
  watch();
}

// Opened rows stay open, and the focus stays where it is.
function replace(fresh) {
  const old = answer();
  const focus = document.activeElement;
  const row = focus.closest(".report tr[id]");
  const place = row ? [row, ...row.querySelectorAll("a")].indexOf(focus) : -1;
  const known = new Set(rows().map((each) => each.id));
  for (const inside of old.querySelectorAll(".inside")) {
    const above = fresh.querySelector(`#${inside.previousElementSibling.id}`);
    if (!above || above.nextElementSibling?.matches(".inside")) continue;
    inside.firstElementChild.colSpan = above.cells.length;
    above.after(inside);
  }
  for (const menu of old.querySelectorAll(".menu-box[open]")) {
    // What somebody is choosing or typing at the moment is left as it is.
    fresh.querySelector(`[data-menu="${menu.dataset.menu}"]`)?.replaceWith(menu);
  }
  const menu = focus.closest(".menu-box")?.dataset.menu;
  old.replaceWith(fresh);
  dress();
  for (const each of known.size ? rows() : []) {
    if (!known.has(each.id)) each.classList.add("fresh");
  }
  const same = row && document.getElementById(row.id);
  if (same) [same, ...same.querySelectorAll("a")][place]?.focus({ preventScroll: true });
  else if (focus.isConnected) focus.focus({ preventScroll: true });
  else if (menu) fresh.querySelector(`[data-menu="${menu}"] summary`)?.focus();
  else if (focus.matches("[data-refresher]")) fresh.querySelector("[data-refresher]").focus();
}

// By itself only where that was asked for, while somebody may be looking, and on the first page.
function watch() {
  clearTimeout(timer);
  const seconds = Number(answer().dataset.refresh);
  if (seconds && !isPaused && !document.hidden) {
    timer = setTimeout(() => renew(location.href), seconds * 1000);
  }
}

// Places are typed without JavaScript; with it, columns are moved by buttons.
function addMovers(form) {
  const icons = document.querySelector(".brand use").getAttribute("href").split("#")[0];
  for (const item of form.querySelectorAll("li:not(:has(button))")) {
    for (const [way, icon] of [["up", "up"], ["down", "more"]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "quiet mover";
      button.dataset.move = way;
      button.ariaLabel = form.dataset[way].replace("{}", item.querySelector("label").textContent.trim());
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      svg.setAttribute("class", "icon");
      svg.setAttribute("aria-hidden", "true");
      svg.append(document.createElementNS(svg.namespaceURI, "use"));
      svg.firstChild.setAttribute("href", `${icons}#${icon}`);
      button.append(svg);
      item.append(button);
    }
  }
}

function move(button) {
  const item = button.closest("li");
  const other = button.dataset.move === "up" ? item.previousElementSibling : item.nextElementSibling;
  if (!other) return;
  if (button.dataset.move === "up") other.before(item);
  else other.after(item);
  button.focus();
  const places = [...item.parentElement.querySelectorAll(".place")];
  places.forEach((each, index) => { each.value = index + 1; });
  saveSoon(item.closest("form"));
}

function saveSoon(form) {
  clearTimeout(saving);
  saving = setTimeout(() => save(form), 300);
}

function save(form, button) {
  clearTimeout(saving);
  const body = new URLSearchParams(new FormData(form, button));
  return renew(form.action, { method: "POST", body });
}
