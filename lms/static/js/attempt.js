// The sitting: one question at a time from memory, each answer saved by itself, nothing called saved before the server said so.
// The page also works without this file. What is not yet acknowledged is kept under the attempt's id: slots, letters and numbers only.
(function () {
  "use strict";

  var PREFIX = "lms-attempt-";
  var WAITS = [1, 2, 4, 8, 15, 30];
  var REPLY_SECONDS = 10;
  var AT_ONCE = 50;
  var LETTERS_AT_ONCE = 20000; // what a save may hold, at three bytes a letter
  var PAUSE = 2; // seconds without typing after which a long text is saved

  function byId(id) { return document.getElementById(id); }
  function each(list, action) { Array.prototype.forEach.call(list, action); }

  var store = (function () {
    var memory = {};
    try {
      window.localStorage.setItem(PREFIX + "test", "1");
      window.localStorage.removeItem(PREFIX + "test");
      return {
        get: function (key) { return window.localStorage.getItem(key); },
        set: function (key, value) { window.localStorage.setItem(key, value); },
        drop: function (key) { window.localStorage.removeItem(key); }
      };
    } catch (refused) { // no storage: the page's own memory has to do
      return {
        get: function (key) { return memory[key] || null; },
        set: function (key, value) { memory[key] = value; },
        drop: function (key) { delete memory[key]; }
      };
    }
  })();

  // The receipt is here: nothing of the attempt stays on a shared machine.
  var finished = document.querySelector("[data-finished]");
  if (finished) store.drop(PREFIX + finished.getAttribute("data-finished"));

  var block = byId("paper");
  if (!block || !window.fetch) return;
  var data = JSON.parse(block.textContent);
  var texts = data.texts;
  var form = byId("sitting");
  var banner = byId("offline");
  var line = byId("save-status");
  var token = document.querySelector("input[name=csrf_token]").value;
  var key = PREFIX + data.id;

  var answers = {};  // slot → {answer, flagged, time: "09:21" once acknowledged}
  var pending = {};
  var acknowledgedLast = {};  // slot → {takeover, sequence, answer, flagged}
  var kept = {};     // slot → {takeover, sequence} as last acknowledged
  var sequence = 0;
  var failures = 0;
  var sending = null;  // the request under way
  var halted = null; // why nothing is sent any more
  var timer = null;
  var lost = false;  // was the line lost since everything was last stored?

  function say(text, number, total) { return text.replace("{n}", number).replace("{t}", total); }

  function clock(moment) { // the province's clock, whatever zone the phone believes in
    return new Date(new Date(moment).getTime() + data.utc_offset * 1000).toISOString().slice(11, 16);
  }

  function newer(a, b) { return a.takeover > b.takeover || (a.takeover === b.takeover && a.sequence > b.sequence); }

  function waiting() { return Object.keys(pending).length; }

  // ---- what is kept on this machine

  function readKept() {
    try { return JSON.parse(store.get(key) || "{}"); } catch (broken) { return {}; }
  }

  function keep() {
    try { store.set(key, JSON.stringify({ sequence: sequence, pending: pending, acknowledged: acknowledgedLast })); } catch (full) { /* it is still in memory */ }
  }

  function nextSequence() { // two tabs of one browser count on from each other
    sequence = Math.max(sequence, readKept().sequence || 0) + 1;
    return sequence;
  }

  function restore() {
    data.stored.forEach(function (one) {
      answers[one.slot] = { answer: one.answer, flagged: one.flagged, time: clock(one.saved_at) };
      kept[one.slot] = one;
      if (one.takeover === data.takeover) sequence = Math.max(sequence, one.sequence);
    });
    var before = readKept();
    sequence = Math.max(sequence, before.sequence || 0);
    // This page may have been made while the last answers were on their way: what the server has acknowledged since is shown, too.
    Object.keys(before.acknowledged || {}).forEach(function (slot) {
      var one = before.acknowledged[slot];
      if (kept[slot] && !newer(one, kept[slot])) return;
      answers[slot] = { answer: one.answer, flagged: one.flagged, time: clock(one.saved_at) };
      kept[slot] = one;
    });
    Object.keys(before.pending || {}).forEach(function (slot) {
      var one = before.pending[slot];
      // What another device stored after it stands; what is newer than anything stored goes out under this device's number.
      if (kept[slot] && !newer(one, kept[slot])) return;
      one.takeover = data.takeover;
      one.sequence = nextSequence();
      pending[slot] = one;
      answers[slot] = { answer: one.answer, flagged: one.flagged, time: null };
    });
    keep();
  }

  // ---- sending

  function changed(slot) {
    var one = answers[slot];
    one.time = null;
    pending[slot] = { takeover: data.takeover, sequence: nextSequence(), answer: one.answer, flagged: one.flagged };
    keep();
    showState();
    plan(0.15);
  }

  function plan(seconds) {
    if (halted) return;
    clearTimeout(timer);
    timer = setTimeout(send, seconds * 1000);
  }

  function waitAfterFailure() {
    return WAITS[Math.min(failures, WAITS.length) - 1] * (0.75 + Math.random() / 2);
  }

  function send() {
    if (sending) return sending;
    if (halted || !waiting()) return Promise.resolve();
    clearTimeout(timer);
    var slots = Object.keys(pending).sort(function (a, b) { return pending[a].sequence - pending[b].sequence; }).slice(0, AT_ONCE);
    var letters = 0;
    slots = slots.filter(function (slot, index) {
      letters += JSON.stringify(pending[slot].answer).length;
      return index === 0 || letters <= LETTERS_AT_ONCE;
    });
    var responses = slots.map(function (slot) {
      var one = pending[slot];
      return { slot: Number(slot), sequence: one.sequence, answer: one.answer, flagged: one.flagged };
    });
    var before = waiting();
    sending = request(data.urls.answers, { takeover: data.takeover, responses: responses }).then(function (reply) {
      sending = null;
      if (reply.status === 200) acknowledged(reply.body, before);
      else refused(reply);
    }, function () {
      sending = null;
      failed();
    });
    showState();
    return sending;
  }

  function request(url, body) {
    var options = { method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json", "Accept": "application/json", "X-CSRFToken": token } };
    if (body) options.body = JSON.stringify(body);
    var stop = window.AbortController ? new AbortController() : null;
    if (stop) options.signal = stop.signal;
    return new Promise(function (resolve, reject) {
      var late = setTimeout(function () {
        if (stop) stop.abort();
        reject(new Error("no reply"));
      }, REPLY_SECONDS * 1000);
      fetch(url, options).then(function (response) {
        return response.text().then(function (text) {
          var parsed = {};
          try { parsed = JSON.parse(text); } catch (page) { /* an error page of something in between */ }
          clearTimeout(late);
          resolve({ status: response.status, body: parsed });
        });
      }).catch(function (reason) { clearTimeout(late); reject(reason); });
    });
  }

  function acknowledged(body, before) {
    failures = 0;
    setTimeLeft(body.seconds_left);
    acknowledgedLast = {};
    body.stored.forEach(function (one) {
      kept[one.slot] = one;
      var ours = pending[one.slot];
      if (ours && !newer(ours, one)) {
        ours.saved_at = body.server_time;
        acknowledgedLast[one.slot] = ours;
        delete pending[one.slot];
        answers[one.slot].time = clock(body.server_time);
      }
    });
    keep();
    if (waiting()) plan(0);
    else if (lost) {
      lost = false;
      showState();
      if (before > 1) status("done", say(texts.all_sent, before));
      return;
    }
    showState();
  }

  function refused(reply) {
    var code = reply.body.error ? reply.body.error.code : "";
    if (reply.status === 409 && code === "taken_over") return halt(texts.taken_over);
    if (reply.status === 409) return closed();
    if (reply.status === 401 || code === "csrf") return halt(texts.signed_out);
    if (reply.status === 404 || reply.status === 413 || reply.status === 422) return halt(texts.refused);
    failed();
  }

  function failed() {
    failures += 1;
    if (failures >= 2) lost = true;
    var wait = waitAfterFailure();
    plan(wait);
    showState(Math.max(1, Math.round(wait)));
  }

  function closed() {
    var missed = waiting();
    store.drop(key);
    pending = {};
    if (!missed) { window.location.assign(data.urls.page); return; }
    halt(say(texts.closed, missed));
  }

  // Nothing more can be sent from this page; what waits stays on this machine.
  function halt(reason) {
    halted = reason;
    clearTimeout(timer);
    showState();
    if (form) each(form.querySelectorAll("#question input, #question select, #question textarea, #flagged"), function (input) { input.disabled = true; });
  }

  // ---- status line and banner

  function status(kind, text) {
    if (!line) return;
    // Said aloud only when its kind changes.
    line.setAttribute("aria-live", line.getAttribute("data-kind") === kind ? "off" : "polite");
    line.setAttribute("data-kind", kind);
    line.className = "status status--" + kind;
    line.querySelector(".status__text").textContent = text;
  }

  function showState(seconds) {
    var count = waiting();
    var one = current && answers[current];
    if (halted) status("unsent", halted);
    else if (current && pending[current] && failures) status("unsent", say(texts.unsent, seconds || Math.round(WAITS[Math.min(failures, WAITS.length) - 1])));
    else if (current && pending[current]) status("sending", texts.sending);
    else if (one && one.answer.length && one.time) status("saved", say(texts.saved, one.time));
    else status("empty", texts.empty);
    if (banner) {
      banner.hidden = !((lost && count) || halted);
      var place = banner.querySelector("[data-unsent]");
      if (place) place.textContent = halted || say(texts.waiting, count);
      var retry = banner.querySelector("[data-retry]");
      if (retry) retry.textContent = halted ? texts.reload : retry.getAttribute("data-words") || retry.textContent;
    }
    showMap();
  }

  // ---- the paper

  var current = null;
  var order = data.questions ? data.questions.map(function (question) { return question.slot; }) : [];

  function position() { return order.indexOf(current); }

  function make(tag, name, text) {
    var element = document.createElement(tag);
    if (name) element.className = name;
    if (text) element.textContent = text;
    return element;
  }

  function write(element, text) { // **bold** is the only formatting; unpaired marks stay
    var parts = text.split("**");
    if (parts.length % 2 === 0) parts = [text];
    parts.forEach(function (part, index) {
      element.appendChild(index % 2 ? make("strong", "", part) : document.createTextNode(part));
    });
    return element;
  }

  function show(slot, focus) {
    current = slot;
    var place = byId("question");
    var question = data.questions[position()];
    var given = answers[slot] ? answers[slot].answer : [];
    var frame = make("fieldset", "question");
    var legend = make("legend");
    legend.appendChild(make("span", "question__count", say(texts.count, position() + 1, order.length)));
    var stem = write(make("h1", "question__stem"), question.stem);
    stem.setAttribute("tabindex", "-1");
    legend.appendChild(stem);
    frame.appendChild(legend);
    controls(frame, question, values(question, given));
    place.textContent = "";
    place.appendChild(frame);
    showPlaces();
    place.setAttribute("data-slot", slot);
    form.elements.slot.value = slot;
    byId("flagged").checked = Boolean(answers[slot] && answers[slot].flagged);
    document.title = say(texts.count, position() + 1, order.length) + document.title.slice(document.title.indexOf(" – "));
    if (window.history.replaceState) window.history.replaceState(null, "", data.urls.page + "?slot=" + slot);
    buttons();
    showState();
    if (focus) { stem.focus(); window.scrollTo(0, 0); }
  }

  // What was answered in each part; under the empty name where the question has one control.
  function values(question, given) {
    if (!question.parts) return { "": given };
    var found = {};
    given.forEach(function (text) {
      var sign = text.indexOf("=");
      found[text.slice(0, sign)] = [text.slice(sign + 1)];
    });
    return found;
  }

  function controls(frame, question, given) {
    if (question.picture) picture(frame, question.picture);
    if (question.text) {
      var line = make("p", "gaps");
      question.text.forEach(function (piece) {
        if (typeof piece === "string") { line.appendChild(document.createTextNode(piece)); return; }
        var part = question.parts.filter(function (one) { return one.id === piece[0]; })[0];
        control(line, part, given[part.id] || [], say(texts.gap, part.id));
      });
      frame.appendChild(line);
    } else if (question.parts) {
      question.parts.forEach(function (part) {
        var ticked = part.control === "one";
        var block = make(ticked ? "fieldset" : "div", "part");
        var label = make(ticked ? "legend" : "label", "part__label", part.label);
        if (!ticked) label.htmlFor = "answer." + part.id;
        block.appendChild(label);
        if (ticked) ticks(block, "answer." + part.id, part, given[part.id] || [], " choice--beside");
        else control(block, part, given[part.id] || []);
        frame.appendChild(block);
      });
    } else if (question.options) {
      if (question.control === "several") frame.appendChild(make("p", "hint", texts.several));
      ticks(frame, "answer", question, given[""] || [], "");
    } else {
      var only = make("div", "part");
      var name = make("label", "part__label", question.label);
      name.htmlFor = "answer";
      only.appendChild(name);
      control(only, question, given[""] || []);
      frame.appendChild(only);
    }
  }

  function draw(tag, attributes, text) {
    var element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    Object.keys(attributes).forEach(function (name) { element.setAttribute(name, attributes[name]); });
    if (text) element.textContent = text;
    return element;
  }

  // A picture, and over it the places that the options name by their letters.
  function picture(frame, shown) {
    var block = make("div", "picture");
    var image = make("img");
    ["src", "alt", "width", "height"].forEach(function (name) { image.setAttribute(name, shown[name]); });
    block.appendChild(image);
    if (shown.places) {
      var over = draw("svg", { "class": "picture__places", viewBox: "0 0 " + shown.width + " " + shown.height, "aria-hidden": "true", focusable: "false" });
      shown.places.forEach(function (one) {
        var place = draw("g", { "class": "picture__place", "data-place": one.id });
        place.appendChild(draw(one.tag, one.shape));
        place.appendChild(draw("text", { x: one.x, y: one.y, "font-size": shown.letters }, one.letter));
        over.appendChild(place);
      });
      block.appendChild(over);
    }
    frame.appendChild(block);
  }

  function showPlaces() {
    each(document.querySelectorAll("#question [data-place]"), function (place) {
      var input = byId("answer-" + place.getAttribute("data-place"));
      place.setAttribute("class", "picture__place" + (input && input.checked ? " picture__place--chosen" : ""));
    });
  }

  function showCount(input) {
    var place = byId(input.id + "-count");
    if (place) place.textContent = texts.letters.replace("{n}", input.value.length.toLocaleString("vi-VN")).replace("{t}", input.maxLength.toLocaleString("vi-VN"));
  }

  function ticks(place, name, part, given, look) {
    part.options.forEach(function (option) {
      var row = make("div", "choice" + look);
      var input = make("input", "choice__input");
      input.type = part.control === "several" ? "checkbox" : "radio";
      input.id = name + "-" + option.id;
      input.name = name;
      input.value = option.id;
      input.checked = given.indexOf(option.id) >= 0;
      input.disabled = Boolean(halted);
      var label = make("label", "choice__label", option.text);
      label.htmlFor = input.id;
      row.appendChild(input);
      row.appendChild(label);
      place.appendChild(row);
    });
  }

  function control(place, part, given, label) {
    var name = part.id ? "answer." + part.id : "answer";
    var tag = { list: "select", long: "textarea" }[part.control] || "input";
    var input = make(tag, "input" + ({ list: " select", long: " textarea", number: " input--10" }[part.control] || ""));
    input.id = input.name = name;
    input.disabled = Boolean(halted);
    input.setAttribute("autocomplete", "off");
    if (part.control === "number") input.setAttribute("inputmode", "decimal");
    if (label) input.setAttribute("aria-label", label);
    if (part.control === "list") {
      [{ id: "", text: texts.choose }].concat(part.options).forEach(function (option) {
        var one = make("option", "", option.text);
        one.value = option.id;
        input.appendChild(one);
      });
    }
    input.value = given[0] || "";
    place.appendChild(input);
    if (part.control === "long") {
      input.rows = 12;
      input.maxLength = part.longest;
      input.setAttribute("aria-describedby", name + "-count");
      var count = make("p", "hint");
      count.id = name + "-count";
      place.appendChild(count);
      setTimeout(function () { showCount(input); }, 0);
    }
    if (part.unit) place.appendChild(make("span", "part__unit", " " + part.unit));
  }

  // The answer that stands on the page, as it is sent: "b", or "part=value" for each part.
  function answered() {
    var found = [];
    each(form.querySelectorAll("#question input, #question select, #question textarea"), function (input) {
      if ((input.type === "radio" || input.type === "checkbox") && !input.checked) return;
      var value = input.value.trim();
      if (value) found.push(input.name === "answer" ? value : input.name.slice("answer.".length) + "=" + value);
    });
    return found;
  }

  function buttons() {
    var actions = form.querySelector(".actions");
    var here = position();
    actions.textContent = "";
    if (here > 0) actions.appendChild(moveButton(texts.previous, order[here - 1], "button button--secondary"));
    if (here < order.length - 1) actions.appendChild(moveButton(texts.next, order[here + 1], "button"));
    else actions.appendChild(moveButton(texts.review, "review", "button"));
  }

  function moveButton(text, goal, name) {
    var button = make("button", name, text);
    button.type = "button";
    button.value = goal;
    return button;
  }

  function showMap() {
    each(document.querySelectorAll("#map button"), function (button, index) {
      var slot = order[index];
      var one = answers[slot];
      var done = one && one.answer.length;
      button.textContent = index + 1;
      var signs = make("span", "", (pending[slot] ? " !" : done ? " ✓" : "") + (one && one.flagged ? " ⚑" : ""));
      signs.setAttribute("aria-hidden", "true");
      button.appendChild(signs);
      var words = [done ? texts.answered : texts.not_answered];
      if (pending[slot]) words.push(texts.not_sent);
      if (one && one.flagged) words.push(texts.flagged);
      button.appendChild(make("span", "visually-hidden", ", " + words.join(", ")));
      if (slot === current) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    });
  }

  // A long text is kept while it is being written, not only when it is left.
  var writing = null;

  function noteAnswer() {
    clearTimeout(writing);
    writing = null;
    if (!current || halted) return;
    answers[current] = answers[current] || { answer: [], flagged: false, time: null };
    answers[current].answer = answered();
    answers[current].flagged = byId("flagged").checked;
    showPlaces();
    changed(current);
  }

  function noteWriting() { if (writing) noteAnswer(); }

  function move(goal) {
    noteWriting();
    if (goal !== "review") return show(Number(goal), true);
    leave(function () { window.location.assign(data.urls.review); });
  }

  // Go on to a page of the server once everything is there; without a line, stay: the banner tells why.
  function leave(go) {
    send().then(function () {
      if (!waiting() || halted) go();
      else if (!failures) leave(go);
      else { lost = true; showState(); }
    });
  }

  // ---- time: what the server said, counted on a clock nobody can set

  var left = data.seconds_left;
  var since = performance.now();
  var face = document.querySelector("[data-timer]");
  var spoken = {};
  var hidden = false;
  var ended = false;
  var half = Math.ceil(left / 120);

  function setTimeLeft(seconds) {
    left = seconds;
    since = performance.now();
  }

  function tick() {
    var seconds = Math.max(0, Math.ceil(left - (performance.now() - since) / 1000));
    var minutes = Math.ceil(seconds / 60);
    var text = seconds === 0 ? texts.over : seconds < 60 ? say(texts.seconds, seconds) : say(texts.minutes, minutes);
    if (face) face.textContent = hidden ? "" : text;
    if ((minutes === half || minutes === 5 || minutes === 1) && !spoken[minutes] && byId("spoken")) {
      spoken[minutes] = true;
      byId("spoken").textContent = text;
    }
    if (seconds === 0 && !ended && !halted) {
      ended = true;
      noteWriting();
      handIn();
    }
  }

  // Time is over: what waits goes first, then the paper is handed in; without a line the server does it itself.
  function handIn() {
    send().then(function () {
      if (halted) return;
      if (waiting()) { setTimeout(handIn, 1000); return; }
      request(data.urls.submit).then(function () {
        window.location.assign(data.urls.page);
      }, function () { setTimeout(handIn, 5000); });
    });
  }

  // ---- begin

  restore();

  if (form) {
    form.addEventListener("change", function (event) {
      if (!current || halted || (String(event.target.name).indexOf("answer") !== 0 && event.target.id !== "flagged")) return;
      noteAnswer();
    });
    form.addEventListener("input", function (event) {
      if (event.target.tagName !== "TEXTAREA") return;
      showCount(event.target);
      clearTimeout(writing);
      writing = setTimeout(noteAnswer, PAUSE * 1000);
    });
    window.addEventListener("pagehide", noteWriting);
    form.addEventListener("click", function (event) { // pointing at a place chooses the option of its letter
      var place = event.target.closest("[data-place]");
      var input = place && byId("answer-" + place.getAttribute("data-place"));
      if (!input || input.disabled || input.checked) return;
      input.checked = true;
      noteAnswer();
    });
    form.addEventListener("keydown", function (event) { // Enter in an option must not press the first button of the page
      if (event.key === "Enter" && event.target.tagName === "INPUT") event.preventDefault();
    });
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    form.addEventListener("click", function (event) {
      var button = event.target.closest("button");
      if (!button || !button.value) return;
      event.preventDefault();
      move(button.value);
    });
    show(Number(byId("question").getAttribute("data-slot")), false);
  }

  var handInForm = byId("hand-in");
  if (handInForm) {
    handInForm.addEventListener("submit", function (event) {
      if (!waiting() || halted) return;
      event.preventDefault();
      leave(function () { handInForm.submit(); });
    });
  }

  var toggle = byId("timer-toggle");
  if (toggle) {
    toggle.addEventListener("click", function () {
      hidden = !hidden;
      toggle.textContent = hidden ? texts.show : texts.hide;
      tick();
    });
  }

  if (banner) {
    var again = banner.querySelector("[data-retry]");
    again.setAttribute("data-words", again.textContent);
    again.addEventListener("click", function () {
      if (halted) window.location.reload();
      else send();
    });
  }

  window.addEventListener("online", function () { plan(0); });
  document.addEventListener("visibilitychange", function () {
    if (document.hidden) noteWriting();
  });
  document.addEventListener("visibilitychange", function () { if (!document.hidden && waiting()) plan(0); });
  window.addEventListener("beforeunload", function (event) {
    noteWriting();
    if (!waiting() || halted) return;
    event.preventDefault();
    event.returnValue = "";
  });
  setInterval(tick, 1000);
  tick();
  showState();
  if (waiting()) {
    lost = !form;
    plan(0);
  }
})();
