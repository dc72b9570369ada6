"use strict";
(() => {
  // A private link, as sent by SMS: /webhooks/web/#link=TOKEN. Out of the address bar before anything else.
  const LINK = "#link=";
  let link = location.hash.split(LINK)[1];
  if (link) history.replaceState(null, "", location.pathname);

  const $ = (id) => document.getElementById(id);
  const log = $("log"), scroll = $("scroll"), input = $("text"), choices = $("choices"), menu = $("menu"), more = $("more"), done = $("done");
  const words = document.body.dataset;
  const numbers = new RegExp(words.numbers, "g"), progress = new RegExp(words.progress), none = new RegExp(words.none, "i");

  const quietly = { preventScroll: true };
  let token = null;
  let offer = null;      // the buttons that are open, as the server told
  let queue = Promise.resolve();
  let talk = 0;          // number of the talk on the page; what belongs to an older one is dropped

  // A cross-site frame may be refused storage: the talk then lasts as long as the page.
  const store = (value) => {
    token = value;
    try { sessionStorage.chat = value; } catch { /* memory only */ }
  };
  try { token = sessionStorage.chat; } catch { /* memory only */ }

  // Null when there was no answer.
  async function call(path, body) {
    try {
      const answer = await fetch(path, {
        method: body ? "POST" : "GET",
        headers: { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) },
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout(30000),
      });
      return { status: answer.status, data: await answer.json().catch(() => ({})) };
    } catch {
      return null;
    }
  }

  function make(tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text) node.textContent = text;
    return node;
  }

  function button(className, text, action) {
    const node = make("button", className, text);
    node.onclick = action;
    return node;
  }

  function callLink(number, className, text) {
    const node = make("a", className, text || number);
    node.href = "tel:" + number.replace(/[^\d+]/g, "");
    return node;
  }

  // Text only, never markup: a number becomes a link, a line stays a line, "- " begins an item of a list.
  function fill(bubble, text, links) {
    let list = null;
    for (let row of text.split("\n")) {
      const item = links && row.startsWith("- ");
      if (item) row = row.slice(2);
      list = item ? list || bubble.appendChild(make("ul")) : null;
      const line = (list || bubble).appendChild(make(item ? "li" : "span", "line"));
      line.dir = "auto";
      // What a line is about stands out: "A blood thinner: ...", "Reference: ...".
      const about = links && (item ? /^[^:.]+: / : /^\w+: /).exec(row);
      if (about) line.append(make("b", "", about[0]));
      let from = about ? about[0].length : 0;
      for (const hit of links ? row.matchAll(numbers) : []) {
        line.append(row.slice(from, hit.index), callLink(hit[0]));
        from = hit.index + hit[0].length;
      }
      line.append(row.slice(from));
    }
  }

  function group(who) {
    const last = log.lastElementChild;
    if (who === "bot" && last?.matches(".bot")) return last.lastElementChild;
    const box = log.appendChild(make("div", `group ${who}`));
    if (who === "bot") box.append(document.querySelector(".mark").cloneNode(true));
    return box.appendChild(make("div", "stack"));
  }

  function show(who, message, fresh) {
    const bubble = make("div", fresh ? "bubble fresh" : "bubble");
    bubble.append(make("span", "sr", `${who === "bot" ? words.bot : words.you} `));
    let text = message.text;
    const step = who === "bot" && progress.exec(text);
    if (step) {
      bubble.append(make("span", "step", step[1]));
      bubble.appendChild(make("span", "bar")).appendChild(make("i")).style.width = `${(100 * step[2]) / step[3]}%`;
      text = text.slice(step[0].length);
    }
    fill(bubble, text, who === "bot");
    if (message.kind === "urgent") {
      bubble.classList.add("urgent");
      const found = [...bubble.querySelectorAll("a")].map((node) => node.textContent);
      const calls = bubble.appendChild(make("div", "calls"));
      for (const number of new Set(found)) calls.append(callLink(number, "pill", `${words.call} ${number}`));
    }
    group(who).append(bubble);
    return bubble;
  }

  function showAll(messages, fresh) {
    return messages.filter(({ text }) => text).map((message) => show(message.who || "bot", message, fresh));
  }

  // When the bot cannot even say that it cannot answer, the page does.
  function spoken({ error, messages = [] }) {
    return error === "unavailable" || (error && !messages.length) ? [...messages, { text: words.unavailable }] : messages;
  }

  function setOffer(next, speak) {
    offer = next;
    choices.replaceChildren();
    done.hidden = !offer?.multi;
    if (!offer) return;
    const titles = offer.buttons.map((choice) => choice.title), picked = new Set();
    if (speak) {
      const last = [...log.querySelectorAll(".bot .bubble")].pop();
      if (last) last.append(make("span", "sr", ` ${words.options} ${titles.join(", ")}.`));
    }
    done.onclick = () => {
      const order = [...picked].sort((a, b) => a - b);
      press({ choices: order }, order.map((index) => titles[index]).join(", "));
    };
    const pills = titles.map((title, index) => button(offer.multi ? "pill chip" : "pill", title, (event) => {
      // The second half of a double click: by then the same place may hold the answer to the next question.
      if (!offer.multi) return event.detail > 1 || press({ choice: index }, title);
      if (!picked.delete(index)) {
        // "None of these" and one of these cannot both be meant.
        for (const other of picked) if (none.test(title) || none.test(titles[other])) picked.delete(other);
        picked.add(index);
      }
      mark();
    }));
    const mark = () => {
      pills.forEach((pill, index) => { pill.ariaPressed = picked.has(index); });
      done.disabled = !picked.size;
    };
    choices.append(...pills);
    if (offer.multi) mark();
  }

  function press(body, shown) {
    body.offer = offer.id;
    // The pressed button goes away; from here Tab reaches the next ones.
    scroll.focus(quietly);
    send(body, shown);
  }

  function busy(on) {
    $("typing").hidden = !on;
    $("status").textContent = on ? words.typing : "";
    choices.hidden = on;
    done.hidden = on || !offer?.multi;
    if (on) toEnd();
  }

  const box = () => (getComputedStyle(scroll).overflowY === "visible" ? document.scrollingElement : scroll);

  const below = () => box().scrollHeight - box().scrollTop - box().clientHeight;

  let atEnd = true, height;
  function look() {
    height = box().clientHeight;
    atEnd = below() < 20;
    $("down").hidden = atEnd || offer?.multi;
  }

  function toEnd() {
    box().scrollTop = box().scrollHeight;
    look();
  }

  // A long answer is read from its start, not from its end, and below its question while there is room for both.
  function toAnswer(question, answer) {
    if (!answer) return toEnd();
    const top = (node) => node.getBoundingClientRect().top - Math.max(scroll.getBoundingClientRect().top, 0) - 12;
    const start = top(answer), asked = question ? top(question) : start;
    box().scrollTop += Math.min(below(), below() < start || start - asked > box().clientHeight / 3 ? start : asked);
    look();
  }

  function send(body, shown) {
    // Names the message, so that one sent twice is answered once.
    body.id = Math.random().toString(36).slice(2);
    put({ body, shown, bubble: shown ? show("you", { text: shown }, true) : null });
  }

  function put(item) {
    item.talk = talk;
    busy(true);
    queue = queue.then(() => deliver(item));
  }

  async function deliver(item) {
    if (item.talk !== talk) return;
    busy(true);
    const answer = await call("message", item.body);
    if (item.talk !== talk) return;
    busy(false);
    if (!answer) return fail(item);
    const { status, data } = answer;
    if (status === 401) return reopen(item);
    if (data.error === "too_long" && item.bubble) {
      if (!input.value) setText(item.shown);
      item.bubble.closest(".group").remove();
    }
    const shown = showAll(spoken(data), true);
    if (status >= 500 || status === 429 || data.hint) return fail(item);
    if ("open" in data) setOffer(data.open, true);
    toAnswer(item.bubble?.isConnected && item.bubble, shown[0]);
  }

  function fail(item) {
    if (!item.bubble) return;
    const failed = item.bubble.closest(".group");
    failed.classList.add("failed");
    const note = item.bubble.parentNode.appendChild(make("div", "retry", words.failed));
    note.role = "alert";
    note.append(button("", words.again, (event) => {
      note.remove();
      failed.classList.remove("failed");
      log.append(failed);
      if (event.isTrusted) input.focus();
      put(item);
    }));
    toEnd();
  }

  // The session has ended: open a new one and say again what was typed. A press has lost its buttons.
  async function reopen(item) {
    if (!(await begin()) || !("text" in item.body)) return;
    item.bubble = item.shown ? show("you", { text: item.shown }, true) : null;
    item.talk = talk;
    await deliver(item);
  }

  // A new talk, or the one that a private link leads to.
  async function begin() {
    const before = token;
    busy(true);
    token = null;
    const answer = await call("session", link ? { link } : {});
    token = before;
    busy(false);
    if (link && answer?.status === 401) {
      link = null;
      const begun = await begin();
      if (begun) for (const { text } of answer.data.messages) log.prepend(make("p", "note notice", text));
      return begun;
    }
    if (answer?.status !== 200) {
      trouble(answer);
      return false;
    }
    talk += 1;
    store(answer.data.token);
    log.replaceChildren();
    if (link) {
      link = null;
      if (await restore()) return true;
    }
    showAll(answer.data.messages, true);
    setOffer(answer.data.open, true);
    box().scrollTop = 0;
    return true;
  }

  function trouble(answer) {
    showAll(spoken(answer ? answer.data : { error: "unavailable" }), true);
    log.append(button("pill", words.again, () => {
      log.replaceChildren();
      input.focus();
      start();
    }));
    toEnd();
  }

  // The talk so far, from the server. False when there is none.
  async function restore() {
    busy(true);
    const answer = await call("history");
    busy(false);
    if (!answer || answer.status >= 429) {
      trouble(answer);
      return true;
    }
    if (answer.status !== 200 || !answer.data.messages.length) return false;
    // An old talk is there to be read, not to be announced line by line.
    log.ariaBusy = true;
    showAll(answer.data.messages);
    log.ariaBusy = null;
    setOffer(answer.data.open);
    toEnd();
    return true;
  }

  async function start() {
    if (link || !token || !(await restore())) await begin();
  }

  function setText(text) {
    input.value = text;
    input.style.height = "";
    if (input.scrollHeight > input.clientHeight) input.style.height = `${input.scrollHeight}px`;
  }

  // The talk as plain text, made here: it goes nowhere but into the person's own folder.
  function save() {
    const lines = [document.title, new Date().toLocaleString(), ""];
    for (const bubble of log.querySelectorAll(".bubble")) {
      const said = [...bubble.querySelectorAll(".step, .line")].map((line) => (line.matches("li") ? "- " : "") + line.textContent);
      lines.push(bubble.firstChild.textContent + said.join("\n"), "");
    }
    const file = make("a");
    file.download = "chat.txt";
    file.href = URL.createObjectURL(new Blob([lines.join("\n")], { type: "text/plain" }));
    file.click();
  }

  function toggle(open) {
    menu.hidden = !open;
    more.ariaExpanded = open;
  }
  const outside = (node) => { if (node && !menu.parentNode.contains(node)) toggle(false); };
  more.onclick = () => toggle(menu.hidden);
  addEventListener("focusin", (event) => outside(event.target));
  addEventListener("pointerdown", (event) => outside(event.target));
  menu.onclick = ({ target }) => {
    if (!target.matches("button")) return;
    toggle(false);
    more.focus();
    if (target.id) return target.id === "save" ? save() : print();
    // Like any other message: the bot answers it.
    send({ text: target.textContent }, target.textContent);
  };

  const framed = parent !== window;
  const close = () => parent.postMessage("chat:close", "*");
  $("shut").hidden = !framed;
  $("shut").onclick = close;
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (menu.hidden) return framed && close();
    toggle(false);
    more.focus();
  });

  $("composer").onsubmit = (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text && !done.disabled && !done.hidden) return done.click();
    // The second half of a double press of Enter.
    if (!text && choices.hidden) return;
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

  const online = () => {
    $("offline").hidden = navigator.onLine;
    if (navigator.onLine) for (const again of document.querySelectorAll(".retry button")) again.click();
  };
  addEventListener("online", online);
  addEventListener("offline", online);
  online();

  // A scroll told after the window has shrunk says nothing of the person.
  addEventListener("scroll", () => { if (box().clientHeight === height) look(); }, true);
  // When the keyboard of a phone opens, the last message stays in sight.
  new ResizeObserver(() => (atEnd ? toEnd : look)()).observe(scroll);
  $("down").onclick = () => {
    toEnd();
    scroll.focus(quietly);
  };

  // Opened on the clinic's page: the focus comes in, on a phone without calling up its keyboard.
  const enter = () => {
    if (document.activeElement !== document.body) return;
    matchMedia("(pointer: coarse)").matches ? scroll.focus({ focusVisible: false }) : input.focus();
  };
  if (framed) {
    addEventListener("focus", enter);
    if (document.hasFocus()) enter();
  }

  // Another private link in the same tab.
  addEventListener("hashchange", () => { if (location.hash.includes(LINK)) location.reload(); });
  start();
})();
