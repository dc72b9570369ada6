"use strict";
// One tag on the clinic's page:
//   <script src="https://chat.clinic.example/webhooks/web/s/loader.js" data-label="Chat with us" data-close="Close the chat" defer></script>
// It adds a button, and on the first press a frame with the chat. The clinic's page cannot read the frame.
(() => {
  const tag = document.currentScript;
  const label = tag.dataset.label || "Chat with us", closing = tag.dataset.close || "Close the chat";
  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  // A constructed sheet needs no style permission in the clinic's own security policy.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { all: initial; }
    button {
      position: fixed; z-index: 2147483646; right: max(20px, env(safe-area-inset-right)); bottom: max(20px, env(safe-area-inset-bottom));
      min-height: 56px; padding: 0 26px; border: 1px solid transparent; border-radius: 30px; cursor: pointer; color: #fff;
      background: linear-gradient(150deg, #6f3f50, #5a3040); box-shadow: 0 12px 32px rgb(70 40 45 / .3);
      font: 600 16px/1.2 -apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
    }
    button:focus-visible { outline: 3px solid #fff; box-shadow: 0 0 0 6px #6f3f50; }
    button[hidden], iframe[hidden] { display: none; }
    iframe {
      position: fixed; z-index: 2147483647; right: 20px; bottom: 92px; width: 420px; height: min(680px, calc(100vh - 112px));
      border: 0; border-radius: 24px; background: #fdfaf7; box-shadow: 0 24px 70px rgb(70 40 45 / .3); color-scheme: light dark;
    }
    @media (prefers-color-scheme: dark) { iframe { background: #1f1a1b; } }
    @media (max-width: 520px), (max-height: 520px) { iframe { inset: 0; width: 100%; height: 100%; border-radius: 0; } }`);
  root.adoptedStyleSheets = [sheet];

  const button = document.createElement("button");
  button.type = "button";
  let frame = null;
  const set = (open) => {
    if (open && !frame) {
      frame = document.createElement("iframe");
      frame.title = label;
      frame.src = new URL("../", tag.src).href;
      root.append(frame);
    }
    if (frame) frame.hidden = !open;
    button.textContent = open ? closing : label;
    button.setAttribute("aria-expanded", String(open));
    open ? frame.focus() : button.focus();
  };
  button.textContent = label;
  button.setAttribute("aria-expanded", "false");
  button.onclick = () => set(!frame || frame.hidden);
  addEventListener("message", (event) => {
    if (frame && event.source === frame.contentWindow && event.data === "chat:close") set(false);
  });
  addEventListener("keydown", (event) => { if (event.key === "Escape" && frame && !frame.hidden) set(false); });
  root.append(button);
  document.body.append(host);
})();
