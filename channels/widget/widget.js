"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const log = $("log"), scroll = $("scroll"), input = $("text"), choices = $("choices");
  const words = document.body.dataset;
  const KEY = "chat";
  const escaped = words.numbers.split("|").filter(Boolean).map((n) => n.replace(/[^\w\s]/g, "\\$&"));
  // The clinic's own numbers, and anything written like a phone number.
  const numbers = new RegExp(`(?<![\\w$.-])(?:${[...escaped, "\\+\\d[\\d ().-]{8,}\\d", "\\(?\\d{3}\\)?[ .-]\\d{3}[ .-]\\d{4}"].join("|")})(?![\\w%])`, "g");
  const progress = new RegExp(words.progress);

  let token = null;
  let offer = null;      // the buttons that are open, as the server told
  let queue = Promise.resolve();
  let talk = 0;          // number of the talk on the page; what belongs to an older one is dropped

  // A cross-site frame may be refused storage: the talk then lasts as long as the page.
  const store = (value) => {
    token = value;
    try { value ? sessionStorage.setItem(KEY, value) : sessionStorage.removeItem(KEY); } catch { /* memory only */ }
  };
  try { token = sessionStorage.getItem(KEY); } catch { /* memory only */ }

  async function call(path, body) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), 30000);
    try {
      const answer = await fetch(path, {
        method: path === "history" || path === "about" ? "GET" : "POST",
        headers: token ? { Authorization: `Bearer ${token}` } : {},
        body: body && JSON.stringify(body),
        signal: stop.signal,
      });
      return { status: answer.status, data: await answer.json().catch(() => ({})) };
    } finally {
      clearTimeout(timer);
    }
  }

  function make(tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text) node.textContent = text;
    return node;
  }

  // Text only, never markup: a number becomes a link, a line stays a line.
  function fill(bubble, text, links) {
    for (const row of text.split("\n")) {
      const line = bubble.appendChild(make("span", row.startsWith("- ") ? "line item" : "line"));
      let from = 0;
      for (const hit of links ? row.matchAll(numbers) : []) {
        line.append(row.slice(from, hit.index));
        line.appendChild(make("a", "", hit[0])).href = "tel:" + hit[0].replace(/[^\d+]/g, "");
        from = hit.index + hit[0].length;
      }
      line.append(row.slice(from));
    }
  }

  function group(who) {
    const last = log.lastElementChild;
    if (last && last.classList.contains(who) && !last.classList.contains("failed") && who === "bot") return last.lastElementChild;
    const box = log.appendChild(make("div", `group ${who}`));
    if (who === "bot") {
      const mark = box.appendChild(document.querySelector("header .mark").cloneNode(true));
      mark.className = "mark";
    }
    return box.appendChild(make("div", "stack"));
  }

  function show(who, message, fresh) {
    const bubble = make("div", "bubble");
    if (fresh) bubble.classList.add("fresh");
    if (message.kind === "urgent") bubble.classList.add("urgent");
    bubble.append(make("span", "sr", `${who === "bot" ? words.bot : words.you} `));
    let text = message.text;
    const step = who === "bot" && progress.exec(text);
    if (step) {
      bubble.append(make("span", "step", step[1]));
      const bar = bubble.appendChild(document.createElement("progress"));
      bar.max = step[3];
      bar.value = step[2];
      bar.setAttribute("aria-hidden", "true");
      text = text.slice(step[0].length);
    }
    fill(bubble, text, who === "bot");
    group(who).append(bubble);
    return bubble;
  }

  function showAll(messages, fresh) {
    for (const message of messages || []) if (message.text) show(message.who || "bot", message, fresh);
  }

  // When the bot cannot even say that it cannot answer, the page does.
  function spoken({ error, messages = [] }) {
    if (error === "unavailable") return [...messages, { text: words.unavailable }];
    return error === "choice_gone" && !messages.length ? [{ text: words.gone }] : messages;
  }

  function setOffer(next, speak) {
    offer = next;
    choices.replaceChildren();
    choices.hidden = !offer;
    if (!offer) return;
    const titles = offer.buttons.map((button) => button.title);
    if (speak) {
      const last = [...log.querySelectorAll(".bot .bubble")].pop();
      if (last) last.append(make("span", "sr", ` ${words.options} ${titles.join(", ")}.`));
    }
    const picked = new Set();
    const done = make("button", "pill solid", choices.dataset.send);
    titles.forEach((title, index) => {
      const pill = choices.appendChild(make("button", offer.multi ? "pill chip" : "pill", title));
      pill.type = "button";
      if (offer.multi) pill.setAttribute("aria-pressed", "false");
      pill.onclick = (event) => {
        // The second half of a double click: by then the same place may hold the answer to the next question.
        if (!offer.multi) return event.detail > 1 ? undefined : press([index], title);
        const on = !picked.delete(index);
        if (on) picked.add(index);
        pill.setAttribute("aria-pressed", String(on));
        done.disabled = !picked.size;
      };
    });
    if (offer.multi) {
      done.type = "button";
      done.disabled = true;
      done.onclick = () => {
        const order = [...picked].sort((a, b) => a - b);
        press(order, order.map((index) => titles[index]).join(", "));
      };
      choices.append(done);
    }
  }

  function press(indexes, shown) {
    const body = offer.multi ? { choices: indexes } : { choice: indexes[0] };
    body.offer = offer.id;
    // The pressed button goes away; from here Tab reaches the next ones.
    scroll.focus({ preventScroll: true });
    send(body, shown);
  }

  function busy(on) {
    $("typing").hidden = !on;
    $("status").textContent = on ? words.typing : "";
    choices.hidden = on || !offer;
    if (on) toEnd();
  }

  const box = () => (getComputedStyle(scroll).overflowY === "visible" ? document.scrollingElement : scroll);

  function toEnd() {
    box().scrollTop = box().scrollHeight;
  }

  // A long answer is read from its start, not from its end.
  function toAnswer(from) {
    if (!from) return toEnd();
    const top = from.getBoundingClientRect().top - Math.max(scroll.getBoundingClientRect().top, 0) - 12;
    box().scrollTop += Math.min(box().scrollHeight - box().scrollTop - box().clientHeight, top);
  }

  function send(body, shown) {
    const bytes = crypto.getRandomValues(new Uint8Array(12));
    body.id = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    const item = { body, shown, bubble: shown ? show("you", { text: shown }, true) : null };
    put(item);
  }

  function put(item) {
    item.talk = talk;
    busy(true);
    queue = queue.then(() => deliver(item));
  }

  async function deliver(item) {
    if (item.talk !== talk) return;
    busy(true);
    let answer = null;
    try { answer = await call("message", item.body); } catch { /* not sent */ }
    if (item.talk !== talk) return;
    busy(false);
    if (answer && answer.status === 401) return reopen(item);
    if (answer) answer.data.messages = spoken(answer.data);
    if (!answer || answer.status >= 500 || answer.status === 429) {
      if (answer) showAll(answer.data.messages, true);
      return fail(item);
    }
    if (answer.data.error === "too_long" && item.bubble) {
      if (!input.value) setText(item.shown);
      item.bubble.closest(".group").remove();
    }
    showAll(answer.data.messages, true);
    if (answer.data.hint) return fail(item);
    if ("open" in answer.data) setOffer(answer.data.open, true);
    toAnswer(item.bubble && item.bubble.isConnected ? item.bubble : null);
  }

  function fail(item) {
    if (!item.bubble) return;
    const box = item.bubble.closest(".group");
    box.classList.add("failed");
    const note = item.bubble.parentNode.appendChild(make("div", "retry", words.failed));
    note.setAttribute("role", "alert");
    const again = note.appendChild(make("button", "", words.again));
    again.type = "button";
    again.onclick = () => {
      note.remove();
      box.classList.remove("failed");
      log.append(box);
      input.focus();
      put(item);
    };
    toEnd();
  }

  // The session has ended: open a new one and say again what was typed. A press has lost its buttons.
  async function reopen(item) {
    if (!(await begin()) || !("text" in item.body)) return;
    item.bubble = item.shown ? show("you", { text: item.shown }, true) : null;
    item.talk = talk;
    await deliver(item);
  }

  async function begin() {
    let answer = null;
    const before = token;
    busy(true);
    token = null;
    try { answer = await call("session"); } catch { /* told below */ }
    token = before;
    busy(false);
    if (!answer || answer.status !== 200) {
      trouble(answer);
      return false;
    }
    talk += 1;
    store(answer.data.token);
    log.replaceChildren();
    showAll(answer.data.messages, true);
    setOffer(answer.data.open, true);
    box().scrollTop = 0;
    return true;
  }

  function trouble(answer) {
    showAll(spoken(answer ? answer.data : { error: "unavailable" }), true);
    const again = log.lastElementChild.lastElementChild.appendChild(make("button", "pill", words.again));
    again.type = "button";
    again.onclick = () => {
      log.replaceChildren();
      input.focus();
      start();
    };
    toEnd();
  }

  async function start() {
    if (token) {
      busy(true);
      let answer = null;
      try { answer = await call("history"); } catch { /* told below */ }
      busy(false);
      if (!answer || answer.status >= 500) return trouble(answer);
      if (answer.status === 200 && answer.data.messages.length) {
        // An old talk is there to be read, not to be announced line by line.
        log.setAttribute("aria-busy", "true");
        showAll(answer.data.messages);
        log.removeAttribute("aria-busy");
        setOffer(answer.data.open);
        return toEnd();
      }
      store(null);
    }
    await begin();
  }

  async function footer() {
    try {
      const { status, data } = await call("about");
      if (status !== 200) return;
      const day = data.reviewed_on && new Date(`${data.reviewed_on}T12:00`).toLocaleDateString("en", { dateStyle: "medium" });
      $("about").textContent = `${data.reviewed ? `${words.reviewed} ${day}` : words.unreviewed}. ${words.rules} ${data.rules_version}.`;
    } catch { /* the chat works without it */ }
  }

  function setText(text) {
    input.value = text;
    input.style.height = "";
    if (input.scrollHeight > input.clientHeight) input.style.height = `${input.scrollHeight}px`;
  }

  const close = () => parent.postMessage("chat:close", "*");
  const framed = window.parent !== window;
  $("shut").hidden = !framed;
  $("shut").onclick = close;
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && framed && !$("ask").open) close();
  });

  $("composer").onsubmit = (event) => {
    event.preventDefault();
    const text = input.value.trim();
    setText("");
    input.focus();
    send({ text }, text);
  };
  input.oninput = () => setText(input.value);
  input.onkeydown = (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    $("composer").requestSubmit();
  };

  $("over").onclick = () => $("ask").showModal();
  $("stay").onclick = () => $("ask").close();
  $("anew").onclick = async () => {
    $("ask").close();
    input.focus();
    if (await begin()) queue = Promise.resolve();
  };

  const online = () => { $("offline").hidden = navigator.onLine; };
  addEventListener("online", online);
  addEventListener("offline", online);
  online();

  // When the keyboard of a phone opens, the last message stays in sight.
  let atEnd = true;
  scroll.onscroll = () => { atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 40; };
  new ResizeObserver(() => { if (atEnd) toEnd(); }).observe(scroll);

  footer();
  start();
})();
