// What every page does: times of the reader, the theme, fragments that refresh themselves, forms that answer while
// somebody types. Every page works without this file; a stopped script costs comfort, never function.

const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

export function localTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    time.title = time.dateTime;
    time.textContent = (time.dataset.form === "time" ? clock : full).format(moment);
  }
}

export const csrf = () => document.querySelector('meta[name="csrf"]').content;

/** Fetch a fragment of HTML; a session that is over leads to the login. */
export async function fragment(url, options = {}) {
  const answer = await fetch(url, { ...options, headers: { "x-fragment": "1", ...options.headers } });
  if (answer.status === 401) { location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`); return null; }
  return answer.ok ? answer.text() : null;
}

/** Put HTML of our own server in the place of an element's content, unless somebody is about to use it. */
export function swap(element, html) {
  if (html === null || element.contains(document.activeElement)) return;
  element.innerHTML = html;
  localTimes(element);
}

const shown = new WeakMap();

export async function refresh(element) {
  try {
    const html = await fragment(element.dataset.refresh);
    if (html !== shown.get(element)) swap(element, html);
    shown.set(element, html);
  } catch { /* away for a moment: what is shown stays, the next round tries again */ }
}

function keepFresh(element) {
  const every = 1000 * Number(element.dataset.every);
  setInterval(() => { if (!document.hidden) refresh(element); }, every);
}

function answerWhileTyping(form) {
  const target = document.querySelector(form.dataset.liveForm);
  let waiting;
  const ask = () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const query = new URLSearchParams(new FormData(form));
      const url = `${form.getAttribute("action")}?${query}`;
      history.replaceState(null, "", url);
      const html = await fragment(url);
      if (html !== null) { target.innerHTML = html; localTimes(target); }
    }, 200);
  };
  form.addEventListener("input", ask);
  form.addEventListener("submit", (event) => { event.preventDefault(); ask(); });
}

function switchTheme() {
  const dark = document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  const next = dark ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  document.cookie = `theme=${next}; Path=/; Max-Age=31536000; SameSite=Lax`;
  document.dispatchEvent(new CustomEvent("theme"));
}

localTimes(document);
document.querySelectorAll("[data-refresh]").forEach(keepFresh);
document.querySelectorAll("form[data-live-form]").forEach(answerWhileTyping);
document.querySelectorAll("[data-theme-switch]").forEach((button) => button.addEventListener("click", switchTheme));
document.querySelectorAll("form[data-ask]").forEach((form) =>
  form.addEventListener("submit", (event) => { if (!confirm(form.dataset.ask)) event.preventDefault(); }));
document.querySelectorAll("select[data-submit]").forEach((select) =>
  select.addEventListener("change", () => select.form.requestSubmit()));
