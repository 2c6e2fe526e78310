// Keeps a page up to date. The server says that something has changed; the page is asked for again, and every part marked
// data-live that looks different is put in place. Without this script pages are whole, and stand still.
"use strict";
(() => {
  const state = document.getElementById("live-state");
  const stream = document.currentScript.dataset.events;
  if (!state || !window.EventSource || !document.querySelector("[data-live]")) return;
  const SHORTEST_PAUSE_MS = 1500;
  let asking = false, again = false, asked = 0;

  const say = (text) => { if (state.textContent !== text) state.textContent = text; };

  const inUse = (part) => {
    const active = document.activeElement;
    return active && part.contains(active) && active.matches("input, select, textarea");
  };

  const put = (page) => {
    for (const part of document.querySelectorAll("[data-live]")) {
      const fresh = page.getElementById(part.id);
      // What is no longer there: the page has become another one, as a list does that has been read.
      if (!fresh) { location.reload(); return; }
      if (inUse(part) || fresh.innerHTML === part.innerHTML) continue;
      const open = [...part.querySelectorAll("details")].map((details) => details.open);
      const focused = part.contains(document.activeElement) ? document.activeElement : null;
      const place = focused && [...part.querySelectorAll("a, button, summary")].indexOf(focused);
      fresh.querySelectorAll("details").forEach((details, at) => { details.open = open[at] || false; });
      part.replaceChildren(...fresh.childNodes);
      if (focused && place >= 0) part.querySelectorAll("a, button, summary")[place]?.focus({ preventScroll: true });
    }
  };

  const refresh = async () => {
    if (document.hidden) { again = true; return; }
    if (asking) { again = true; return; }
    asking = true;
    again = false;
    await new Promise((done) => setTimeout(done, Math.max(0, asked + SHORTEST_PAUSE_MS - Date.now())));
    asked = Date.now();
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", redirect: "error" });
      if (answer.ok) put(new DOMParser().parseFromString(await answer.text(), "text/html"));
      say(answer.ok ? "live" : "not up to date: reload the page");
    } catch {
      say("not connected");
    }
    asking = false;
    if (again && !document.hidden) refresh();
  };

  // A browser opens six connections to a server at most, and a page that waits to be gone back to would keep one of them.
  let events = null;
  const follow = () => {
    events = new EventSource(stream);
    events.addEventListener("changed", refresh);
    // What has changed before the stream was there is not told by it.
    events.addEventListener("open", () => { say("live"); refresh(); });
    events.addEventListener("error", () => say(events && events.readyState === EventSource.CLOSED ? "not live" : "connecting"));
  };
  window.addEventListener("pagehide", () => { events?.close(); events = null; });
  window.addEventListener("pageshow", (shown) => { if (!events) follow(); if (shown.persisted) refresh(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && again) refresh(); });
})();
