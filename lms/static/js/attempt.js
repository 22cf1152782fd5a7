// The sitting: one question at a time from memory, each answer saved by itself, nothing called saved before the server said so.
// The page also works without this file. What is not yet acknowledged is kept on this machine, encrypted under a key of this attempt and
// person that the page alone holds: whoever comes after finds bytes. Where the browser cannot encrypt, nothing is written.
(function () {
  "use strict";

  var PREFIX = "lms-attempt-";
  var WAITS = [1, 2, 4, 8, 15, 30];
  var REPLY_SECONDS = 10;
  var AT_ONCE = 50;
  var WAITED = 1000;  // milliseconds after which an answer says when it was given
  var FORMAT = "congvu-lms-sealed-answers";
  var LETTERS_AT_ONCE = 20000; // what a save may hold, at three bytes a letter
  var PAUSE = 2; // seconds without typing after which a long text is saved

  function byId(id) { return document.getElementById(id); }
  function each(list, action) { Array.prototype.forEach.call(list, action); }

  var store = (function () {
    try {
      window.localStorage.setItem(PREFIX + "test", "1");
      window.localStorage.removeItem(PREFIX + "test");
      return window.localStorage;
    } catch (refused) { return null; } // no storage: the page's own memory has to do
  })();

  function drop(name) { // what is kept of an attempt, or of one of its questions
    if (!store) return;
    Object.keys(store).forEach(function (key) { if (key.indexOf(name) === 0) store.removeItem(key); });
  }

  // The receipt is here: nothing of the attempt stays on a shared machine.
  var finished = document.querySelector("[data-finished]");
  if (finished) drop(PREFIX + finished.getAttribute("data-finished"));

  // Before the start: with this script the paper is handed out first, and its clock begins with a second press.
  var startForm = byId("start");
  if (startForm && window.fetch) {
    startForm.elements.in_two_steps.disabled = false;
    byId("start-button").textContent = byId("start-button").getAttribute("data-words");
  }

  var block = byId("paper");
  if (!block || !window.fetch) return;
  var data = JSON.parse(block.textContent);
  var texts = data.texts;
  var form = byId("sitting");
  var banner = byId("offline");
  var line = byId("save-status");
  var token = document.querySelector("input[name=csrf_token]").value;
  var prefix = PREFIX + data.id + ".";

  var answers = {};  // slot → {answer, flagged, time: "09:21" once acknowledged}
  var pending = {};  // slot → {takeover, sequence, answer, flagged, at: when it was given by this device's clock}
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

  // ---- what is kept on this machine: one entry a question, `prefix + slot` → "p" (not yet acknowledged) or "a" (acknowledged last),
  // takeover, sequence and the sealed answer. Two tabs keep theirs side by side; the newer entry of a question stays.

  var subtle = window.crypto && window.crypto.subtle;
  var sealing = subtle && store ? subtle.importKey("raw", bytes(data.journal), "AES-GCM", false, ["encrypt", "decrypt"]) : null;
  var keeping = Promise.resolve();

  function bytes(text) { return Uint8Array.from(window.atob(text), function (one) { return one.charCodeAt(0); }); }
  function text64(buffer) { return window.btoa(String.fromCharCode.apply(null, new Uint8Array(buffer))); }

  function bound(slot, one) { // what a sealed answer cannot be moved away from
    return new TextEncoder().encode([data.id, slot, one.takeover, one.sequence].join("."));
  }

  function seal(slot, one) {
    var nonce = window.crypto.getRandomValues(new Uint8Array(12));
    var told = JSON.stringify({ answer: one.answer, flagged: one.flagged, at: one.at });
    return sealing.then(function (key) {
      return subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: bound(slot, one) }, key, new TextEncoder().encode(told));
    }).then(function (sealed) {
      var whole = new Uint8Array(12 + sealed.byteLength);
      whole.set(nonce);
      whole.set(new Uint8Array(sealed), 12);
      return text64(whole);
    });
  }

  function unseal(slot, entry) {
    var whole = bytes(entry.sealed);
    return sealing.then(function (key) {
      return subtle.decrypt({ name: "AES-GCM", iv: whole.slice(0, 12), additionalData: bound(slot, entry) }, key, whole.slice(12));
    }).then(function (plain) {
      var told = JSON.parse(new TextDecoder().decode(plain));
      told.takeover = entry.takeover;
      told.sequence = entry.sequence;
      return told;
    });
  }

  function readEntry(slot) {
    var parts = ((store && store.getItem(prefix + slot)) || "").split(" ");
    if (parts.length !== 5) return null;
    return { state: parts[0], takeover: Number(parts[1]), sequence: Number(parts[2]), saved: parts[3], sealed: parts[4] };
  }

  // One after the other, so that an older entry never comes to lie over a newer one.
  function keep(slot, one, saved) {
    if (!sealing) return keeping;
    keeping = keeping.then(function () { return seal(slot, one); }).then(function (sealed) {
      var there = readEntry(slot);
      if (there && newer(there, one)) return;
      store.setItem(prefix + slot, [saved ? "a" : "p", one.takeover, one.sequence, saved || "-", sealed].join(" "));
    }).catch(function () { /* full, or refused: it is still in memory */ });
    return keeping;
  }

  function nextSequence() { // two tabs of one browser count on from each other
    if (store) sequence = Math.max(sequence, Number(store.getItem(prefix + "n")) || 0);
    sequence += 1;
    try { if (store) store.setItem(prefix + "n", sequence); } catch (full) { /* this tab counts on alone */ }
    return sequence;
  }

  function restore() {
    data.stored.forEach(function (one) {
      answers[one.slot] = { answer: one.answer, flagged: one.flagged, time: clock(one.saved_at) };
      kept[one.slot] = one;
      if (one.takeover === data.takeover) sequence = Math.max(sequence, one.sequence);
    });
    if (!sealing) return Promise.resolve();
    return Promise.all(Object.keys(store).filter(function (key) { return key.indexOf(prefix) === 0; }).map(function (key) {
      var slot = key.slice(prefix.length);
      var entry = readEntry(slot);
      if (!entry) return null;
      return unseal(slot, entry).then(function (one) { return { slot: slot, state: entry.state, saved: entry.saved, one: one }; },
        function () { return null; }); // broken, or not ours
    })).then(function (found) {
      found.filter(Boolean).sort(function (a, b) { return newer(a.one, b.one) ? 1 : -1; }).forEach(function (entry) {
        var one = entry.one;
        // What another device stored after it stands.
        if (kept[entry.slot] && !newer(one, kept[entry.slot])) return;
        if (entry.state === "a") { // this page may have been made while its acknowledgement was on its way
          answers[entry.slot] = { answer: one.answer, flagged: one.flagged, time: clock(entry.saved) };
          kept[entry.slot] = one;
          return;
        }
        // What is newer than anything stored goes out under this device's number.
        answers[entry.slot] = { answer: one.answer, flagged: one.flagged, time: null };
        pending[entry.slot] = { takeover: data.takeover, sequence: nextSequence(), answer: one.answer, flagged: one.flagged, at: one.at };
        keep(entry.slot, pending[entry.slot]);
      });
    });
  }

  // What was not sent, as a file for the invigilator or for later: the same sealed entries.
  function saveFile() {
    var slots = Object.keys(pending);
    Promise.all(slots.map(function (slot) {
      var one = pending[slot];
      return seal(slot, one).then(function (sealed) {
        return { slot: Number(slot), takeover: one.takeover, sequence: one.sequence, sealed: sealed };
      });
    })).then(function (entries) {
      var file = JSON.stringify({ format: FORMAT, version: 1, attempt: data.id, entries: entries });
      var link = make("a");
      link.href = URL.createObjectURL(new Blob([file], { type: "application/octet-stream" }));
      link.download = "bai-lam-" + data.id.slice(-8) + ".lmsbai";
      document.body.appendChild(link);
      link.click();
      document.body.removeChild(link);
    });
  }

  // ---- sending

  function changed(slot) {
    var one = answers[slot];
    one.time = null;
    pending[slot] = { takeover: data.takeover, sequence: nextSequence(), answer: one.answer, flagged: one.flagged, at: Date.now() };
    keep(slot, pending[slot]);
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
      var response = { slot: Number(slot), sequence: one.sequence, answer: one.answer, flagged: one.flagged };
      if (Math.abs(Date.now() - one.at) > WAITED) response.at = one.at;
      return response;
    });
    var before = waiting();
    sending = request(data.urls.answers, { takeover: data.takeover, responses: responses, clock: Date.now() }).then(function (reply) {
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
    body.stored.forEach(function (one) {
      kept[one.slot] = one;
      var ours = pending[one.slot];
      if (ours && !newer(ours, one)) {
        delete pending[one.slot];
        answers[one.slot].time = clock(body.server_time);
        keep(one.slot, ours, body.server_time);
      }
    });
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
    if (reply.status === 409) return closed(reply.body.late);
    if (reply.status === 401 || code === "csrf") return signedOut();
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

  // Time is over. What came too late is kept by the server, which says what becomes of it; what it did not take stays on this machine.
  function closed(late) {
    var missed = waiting();
    if (!missed || late) {
      drop(prefix);
      pending = {};
    }
    if (!missed || (late && late.state === "empty")) { window.location.assign(data.urls.page); return; }
    if (!late) return halt(say(texts.closed, missed));
    halt(say(late.state === "waiting" ? texts.late_waiting : texts.late_taken, late.kept));
    if (byId("offline-receipt")) byId("offline-receipt").hidden = false;
  }

  // ---- the session ended in mid-test: sign in within the page; nobody but the one who sits goes on

  var door = byId("sign-in-again");

  function signedOut() {
    if (door) door.hidden = false;
    halt(texts.signed_out);
  }

  function pageOf(url, options) {
    options = options || {};
    options.credentials = "same-origin";
    return fetch(url, options).then(function (response) {
      return response.text().then(function (text) {
        return { status: response.status, page: new DOMParser().parseFromString(text, "text/html") };
      });
    });
  }

  function tokenOf(page) {
    var field = page.querySelector("input[name=csrf_token]");
    return field ? field.value : "";
  }

  function signIn() {
    var name = byId("again-login");
    var password = byId("again-password");
    var first = pageOf(data.urls.sign_in).then(function (reply) {
      if (!password.value) return null;
      var body = new URLSearchParams();
      body.append("csrf_token", tokenOf(reply.page));
      body.append("login", name.value);
      body.append("password", password.value);
      body.append("next", "/accessibility");
      return pageOf(data.urls.sign_in, { method: "POST", body: body });
    });
    first.then(function () {
      password.value = "";
      return fetch(data.urls.page, { credentials: "same-origin", headers: { Accept: "application/json" } });
    }).then(function (response) {
      if (response.status === 401) { byId("again-told").textContent = texts.wrong_password; return null; }
      if (response.status === 404 || response.status === 403) return lockAway();
      return pageOf(data.urls.page).then(function (reply) {
        token = tokenOf(reply.page) || token;
        each(document.querySelectorAll("input[name=csrf_token]"), function (field) { field.value = token; });
        byId("again-told").textContent = "";
        door.hidden = true;
        goOn();
      });
    }).catch(function () { byId("again-told").textContent = texts.wrong_password; });
  }

  // Somebody else signed in: they see neither the paper nor the answers, and send nothing. The sealed entries wait for their owner.
  function lockAway() {
    byId("again-told").textContent = texts.someone_else;
    if (sealing) pending = {};
    sealing = null;
    if (byId("question")) byId("question").textContent = "";
    each(document.querySelectorAll("#sitting .actions, #sitting details, #save-file"), function (part) { part.hidden = true; });
    data.questions = [];
    answers = {};
    return null;
  }

  function goOn() {
    halted = null;
    failures = 0;
    if (form) each(form.querySelectorAll("#question input, #question select, #question textarea, #flagged"), function (input) { input.disabled = false; });
    plan(0);
    showState();
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
    var unhanded = byId("not-handed-in");
    var said = unhanded && !unhanded.hidden && !halted; // one box tells both
    if (said) {
      byId("not-handed-in-count").textContent = count ? say(texts.waiting, count) : "";
      byId("hand-in-file").hidden = !(sealing && count);
    }
    if (banner) {
      banner.hidden = said || (door && !door.hidden) || !((lost && count) || halted);
      each(banner.querySelectorAll("[data-line]"), function (part) { part.hidden = Boolean(halted); }); // it is not the line
      var place = banner.querySelector("[data-unsent]");
      if (place) place.textContent = halted || say(texts.waiting, count);
      var retry = banner.querySelector("[data-retry]");
      if (byId("save-file")) byId("save-file").hidden = !(sealing && count);
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

  // **bold** and `code` are the only formatting; unpaired marks stay.
  function marked(text, mark) {
    var parts = text.split(mark);
    return parts.length % 2 ? parts : [text];
  }

  function write(element, text) {
    marked(text, "**").forEach(function (part, index) {
      var place = index % 2 ? element.appendChild(make("strong")) : element;
      marked(part, "`").forEach(function (piece, at) {
        place.appendChild(at % 2 ? make("code", "", piece) : document.createTextNode(piece));
      });
    });
    return element;
  }

  function show(slot, focus) {
    var place = byId("question");
    // What is being typed belongs to the question that is left: its field says so when it loses the focus, not when it is taken away.
    if (current && place.contains(document.activeElement)) document.activeElement.blur();
    noteWriting();
    current = slot;
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
    var report = byId("report-item");
    if (report) report.href = report.getAttribute("data-href") + "?slot=" + slot;
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
        var label = write(make(ticked ? "legend" : "label", "part__label"), part.label);
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
      var label = write(make("label", "choice__label"), option.text);
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

  // On a slow line a person answers before this file has come: such an answer is one, though nobody heard its event.
  function touched() {
    return Array.prototype.some.call(form.querySelectorAll("#question input, #question select, #question textarea, #flagged"), function (input) {
      if (input.type === "radio" || input.type === "checkbox") return input.checked !== input.defaultChecked;
      if (input.options) return Array.prototype.some.call(input.options, function (one) { return one.value && one.selected !== one.defaultSelected; });
      return input.value !== input.defaultValue;
    });
  }

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
  var running = !data.seconds_to_start;
  var half = Math.ceil(left / 120);

  function setTimeLeft(seconds) {
    left = seconds;
    since = performance.now();
  }

  function tick() {
    if (!running) return waitToStart();
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

  // Asked for by a press: what waits goes first. Without a line the page stays, says so, and offers the press again.
  var handingIn = false;

  function handInNow() {
    if (handingIn) return;
    handingIn = true;
    byId("not-handed-in").hidden = true;
    send().then(function () {
      if (halted) { handingIn = false; return; }
      if (waiting()) { handingIn = false; if (failures) notHandedIn(); else handInNow(); return; }
      return request(data.urls.submit).then(function (reply) {
        handingIn = false;
        if (reply.status === 200 || reply.status === 409) window.location.assign(data.urls.page);
        else if (reply.status === 401 || (reply.body.error && reply.body.error.code === "csrf")) signedOut();
        else notHandedIn();
      });
    }).catch(function () { handingIn = false; notHandedIn(); });
  }

  function notHandedIn() {
    byId("not-handed-in").hidden = false;
    showState();
    byId("hand-in-again").focus();
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

  // ---- the second step of the start: the paper is here, the clock begins with a press, or by itself

  function waitToStart() {
    var rest = Math.ceil(data.seconds_to_start - (performance.now() - since) / 1000);
    if (rest > 0) { byId("begin-wait").textContent = say(texts.waits, rest); return; }
    setTimeLeft(left);
    run();
  }

  function run() {
    running = true;
    byId("begin-panel").hidden = true;
    byId("sitting-panel").hidden = false;
    show(current || order[0], true);
    tick();
  }

  function begin(event) {
    event.preventDefault();
    request(data.urls.begin).then(function (reply) {
      if (running) return;
      if (reply.status === 200) { setTimeLeft(reply.body.seconds_left); run(); }
      else if (reply.status === 409) window.location.assign(data.urls.page);
      else notBegun();
    }, notBegun);
  }

  function notBegun() {
    var rest = Math.max(1, Math.ceil(data.seconds_to_start - (performance.now() - since) / 1000));
    byId("begin-status").textContent = say(texts.not_begun, rest);
  }

  // ---- begin

  function start() {
    if (form) {
      current = Number(byId("question").getAttribute("data-slot"));
      if (touched()) noteAnswer();
      show(current, false);
    }
    if (!sealing && byId("memory-only")) byId("memory-only").textContent = texts.memory_only;
    setInterval(tick, 1000);
    tick();
    showState();
    if (waiting()) {
      lost = !form;
      plan(0);
    }
    if (data.supervised) setInterval(beSeen, 20000);
  }

  function beSeen() { request(data.urls.seen, { unsent: waiting() }).catch(function () { /* the invigilator sees that nothing came */ }); }

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
  }

  var handInForm = byId("hand-in");
  if (handInForm) {
    handInForm.addEventListener("submit", function (event) {
      event.preventDefault();
      handInNow();
    });
    byId("hand-in-again").addEventListener("click", handInNow);
    byId("hand-in-file").addEventListener("click", saveFile);
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
      if (door && !door.hidden) byId("again-login").focus();
      else if (halted) window.location.reload();
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
  if (byId("begin")) {
    byId("begin").addEventListener("submit", begin);
    byId("begin-title").textContent = byId("begin-title").getAttribute("data-title");
  }
  if (byId("save-file")) byId("save-file").addEventListener("click", saveFile);
  if (door) {
    byId("again-send").addEventListener("click", signIn);
    door.addEventListener("keydown", function (event) { if (event.key === "Enter") { event.preventDefault(); signIn(); } });
  }
  restore().then(start, start);
})();
