// Keeps an open page true: new requests and alerts appear by themselves, times grow older, a login that is over hides everything.
"use strict";
(() => {
  const kind = document.body.dataset.live;
  const EVERY = 500, HIDDEN = 5000, LATER = 5000;
  const title = document.title;
  let pulse = null, asking = false, failed = 0;

  const ago = (moment) => {
    const minutes = Math.floor((Date.now() - new Date(moment)) / 60000);
    if (minutes < 1) return "just now";
    if (minutes < 60) return `${minutes} min ago`;
    if (minutes < 1440) return `${Math.floor(minutes / 60)} h ago`;
    const days = Math.floor(minutes / 1440);
    return `${days} day${days === 1 ? "" : "s"} ago`;
  };
  const age = () => {
    for (const time of document.querySelectorAll("time[data-ago]")) time.textContent = ago(time.dateTime);
  };
  const say = (text) => { document.getElementById("news").textContent = text; };
  const mark = (alerts, fresh) => {
    const waiting = alerts + fresh;
    document.title = waiting ? `(${waiting}) ${title}` : title;
  };

  // Only the list changes; what somebody types in the search and where the focus is stay.
  const redraw = async () => {
    const address = new URL(location.href);
    address.searchParams.set("part", "1");
    const answer = await fetch(address, { credentials: "same-origin", headers: { Accept: "text/html" } });
    if (!answer.ok) return false;
    const live = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
    const old = document.getElementById("live");
    if (!live || !old) return false;
    const focused = old.contains(document.activeElement) ? document.activeElement.id : null;
    const known = new Set([...old.querySelectorAll(".row h3 a, .alert .button")].map((one) => one.id));
    const grown = { alerts: live.dataset.alerts - old.dataset.alerts, fresh: live.dataset.new - old.dataset.new };
    old.replaceWith(live);
    for (const one of live.querySelectorAll(".row h3 a")) if (!known.has(one.id)) one.closest(".row").classList.add("fresh");
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    const news = [];
    if (grown.alerts > 0) news.push(`${grown.alerts} new alert${grown.alerts === 1 ? "" : "s"}`);
    if (grown.fresh > 0) news.push(`${grown.fresh} new request${grown.fresh === 1 ? "" : "s"}`);
    if (news.length) say(news.join(", "));
    return true;
  };

  const look = async () => {
    if (asking) return;
    asking = true;
    let wait = document.hidden ? HIDDEN : EVERY;
    try {
      const answer = await fetch("/pulse", { credentials: "same-origin", headers: { Accept: "application/json" } });
      if (answer.status === 401) {
        document.getElementById("main").replaceChildren();
        location.assign(/^\/(requests|callbacks|alerts)\/[\w-]+$/.test(location.pathname) ? location.pathname : "/");
        return;
      }
      if (!answer.ok) throw new Error("pulse");
      const now = await answer.json();
      mark(now.alerts, now.new);
      failed = 0;
      if (kind === "list" && now.pulse !== pulse && await redraw()) pulse = now.pulse;
    } catch {
      failed += 1;
      wait = failed > 1 ? LATER : EVERY;
    } finally {
      asking = false;
      // A list that has silently stopped would look like a quiet morning.
      document.getElementById("offline").hidden = failed < 2;
    }
    setTimeout(look, wait);
  };

  if (!kind) return;
  pulse = document.getElementById("live")?.dataset.pulse ?? null;
  document.addEventListener("visibilitychange", () => { if (!document.hidden) age(); });
  // Coming back by the browser's own memory must not show a page of a login that is over.
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  setInterval(age, 20000);
  setTimeout(look, EVERY);
})();
