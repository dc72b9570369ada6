"use strict";
// One tag on the clinic's page:
//   <script src="https://chat.clinic.example/webhooks/web/s/loader.js" data-accent="#6f3f50" defer></script>
// It adds a button, and on the first press a frame with the chat. The clinic's page cannot read the frame.
// Every option is an attribute of the tag (data-accent) or a variable of the page's style (--chat-accent).
(() => {
  const tag = document.currentScript;

  function start() {
    if (document.querySelector("[data-clinic-chat]")) return;
    const style = getComputedStyle(document.documentElement);
    const option = (name, valid, fallback) => {
      const value = (tag.dataset[name] || style.getPropertyValue("--chat-" + name)).trim().replace(/^(["'])(.*)\1$/, "$2");
      if (valid.test(value)) return value;
      if (value) console.warn(`chat: ${name} is not understood: ${value}`);
      return fallback;
    };
    const words = /^.{1,60}$/;
    const label = option("label", words, "Chat with us"), closing = option("close", words, "Close the chat");
    const greeting = option("greeting", /^.{1,140}$/, "");
    const side = option("position", /^(left|right)$/, "right");
    const scheme = option("scheme", /^(light|dark|auto)$/, "auto");
    const accent = option("accent", /^#([\da-f]{3}|[\da-f]{6})$/i, "#6f3f50").replace(/^#(.)(.)(.)$/, "#$1$1$2$2$3$3");
    const dark = { light: "not all", dark: "all" }[scheme] || "(prefers-color-scheme: dark)";
    // Black or white, whichever reads better on the accent: WCAG luminance, its curve rounded; 0.179 is where they are even.
    const light = accent.slice(1).match(/../g).reduce((sum, pair, i) => sum + (parseInt(pair, 16) / 255) ** 2.2 * [0.2126, 0.7152, 0.0722][i], 0);

    const aside = document.createElement("aside");
    aside.dataset.clinicChat = "";
    aside.ariaLabel = label;
    const root = aside.attachShadow({ mode: "open" });
    // A constructed sheet needs no style permission in the clinic's own security policy.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`
      :host { all: initial; --fill: ${accent}; --on: ${light > 0.179 ? "#000" : "#fff"}; --edge: var(--chat-side, 20px); --foot: calc(var(--chat-bottom, 20px) + env(safe-area-inset-bottom)); }
      * { box-sizing: border-box; }
      [hidden] { display: none !important; }
      button {
        border: 0; cursor: pointer; background: none; color: #2e2628; text-align: start;
        font: 500 15px/1.4 system-ui, sans-serif;
      }
      svg { flex: none; width: 24px; height: 24px; fill: none; stroke: currentColor; stroke-width: 1.7; stroke-linejoin: round; }
      .open, .greeting { position: fixed; z-index: 2147483646; ${side}: var(--edge); bottom: var(--foot); }
      .open {
        display: flex; align-items: center; justify-content: center; gap: 10px; min-width: 60px; height: 60px; padding: 0 24px 0 20px; border: 1px solid transparent;
        border-radius: 30px; background: var(--fill); color: var(--on); font-weight: 600; font-size: 16px;
        box-shadow: 0 12px 36px rgb(50 30 35 / .3);
      }
      .open[aria-expanded=true] { padding: 0; }
      .greeting { display: flex; bottom: calc(var(--foot) + 74px); max-width: min(320px, calc(100vw - 40px)); border: 1px solid #e9ded6; border-radius: 18px; background: #fff; box-shadow: 0 12px 36px rgb(50 30 35 / .2); }
      .greeting button { min-width: 44px; min-height: 44px; padding: 12px 0 12px 18px; border-radius: 18px; text-wrap: balance; }
      .greeting button + button { display: grid; place-items: center; padding: 0; color: #6b5d5c; }
      .greeting svg { width: 18px; height: 18px; }
      button:focus-visible { outline: 3px solid #fff; box-shadow: 0 0 0 6px #2e2628; }
      iframe {
        position: fixed; z-index: 2147483647; ${side}: var(--edge); bottom: calc(var(--foot) + 74px); width: 410px; height: min(700px, calc(100vh - var(--foot) - 94px));
        border: 0; border-radius: 24px; background: #fdfaf7; box-shadow: 0 12px 60px rgb(50 30 35 / .3);
      }
      @media ${dark} {
        iframe { background: #1f1a1b; }
      }
      @media (max-width: 520px), (max-height: 520px) {
        iframe { inset: var(--top, 0) 0 auto; width: 100%; height: var(--tall, 100%); border-radius: 0; }
        .open[aria-expanded=true] { display: none; }
      }
      @media (prefers-reduced-motion: no-preference) {
        iframe, .greeting { animation: rise .25s ease-out; }
        @keyframes rise { from { opacity: 0; transform: translateY(14px); } }
      }`);
    root.adoptedStyleSheets = [sheet];

    const icon = (path) => {
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      svg.setAttribute("viewBox", "0 0 24 24");
      svg.ariaHidden = true;
      svg.appendChild(document.createElementNS(svg.namespaceURI, "path")).setAttribute("d", path);
      return svg;
    };
    const add = (to, className, action, ...inside) => {
      const button = document.createElement("button");
      button.className = className;
      button.onclick = action;
      button.append(...inside);
      return to.appendChild(button);
    };
    const cross = "m6 6 12 12M18 6 6 18";
    let frame = null, hello = null;
    const isOpen = () => frame !== null && !frame.hidden;

    function set(open) {
      if (open && !frame) {
        frame = document.createElement("iframe");
        frame.title = label;
        frame.src = new URL(`../?${new URLSearchParams({ accent, scheme })}`, tag.src);
        root.append(frame);
      }
      if (frame) frame.hidden = !open;
      if (open && hello) hello.remove();
      button.ariaExpanded = open;
      button.ariaLabel = open ? closing : null;
      if (open) {
        button.replaceChildren(icon(cross));
        frame.focus();
      } else {
        button.replaceChildren(icon("M12 4c12 0 12 15 0 15h-2l-6 2 1.5-4.5C1 12 4 4 12 4z"), label);
        if (frame) button.focus();
      }
    }

    const button = add(root, "open", () => set(!isOpen()));
    if (greeting) {
      hello = document.createElement("div");
      hello.className = "greeting";
      add(hello, "", () => set(true), greeting);
      add(hello, "", () => { hello.remove(); button.focus(); }, icon(cross)).ariaLabel = "Dismiss";
      root.prepend(hello);
    }
    set(false);
    // On a phone the frame is as tall as what the keyboard leaves, so that the header and the last words stay in sight.
    const view = visualViewport;
    const fit = () => {
      if (view.scale < 1.1) aside.style.cssText = `--top: ${view.offsetTop}px; --tall: ${view.height}px`;
    };
    view.addEventListener("resize", fit);
    view.addEventListener("scroll", fit);
    addEventListener("message", (event) => {
      if (frame && event.source === frame.contentWindow && event.data === "chat:close") set(false);
    });
    addEventListener("keydown", (event) => { if (event.key === "Escape" && isOpen()) set(false); });
    // Any link or button of the page may open the chat: <a href="#chat">.
    addEventListener("click", (event) => {
      if (!event.target.closest?.('[href="#chat"]')) return;
      event.preventDefault();
      set(true);
    });
    document.body.append(aside);
  }

  document.body ? start() : addEventListener("DOMContentLoaded", start);
})();
