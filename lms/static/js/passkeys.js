// Making and using passkeys. Without this script people sign in with their passwords as ever.
(function () {
  "use strict";

  var box = document.querySelector("[data-passkey]");
  if (!box) return;
  var says = box.querySelector("[data-says]");
  var start = box.querySelector("[data-start]");

  function say(text) { says.textContent = text; }
  function text(name) { return box.getAttribute("data-" + name) || ""; }

  if (!window.PublicKeyCredential || !navigator.credentials || !window.fetch) {
    start.disabled = true;
    say(text("unable"));
    return;
  }

  function bytes(value) {
    var plain = atob(value.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, function (char) { return char.charCodeAt(0); });
  }

  function letters(buffer) {
    var plain = "";
    Array.prototype.forEach.call(new Uint8Array(buffer), function (byte) { plain += String.fromCharCode(byte); });
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function post(address, body) {
    return fetch(address, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", "Accept": "application/json", "X-CSRFToken": text("token") },
      body: JSON.stringify(body)
    }).then(function (reply) {
      return reply.json().then(function (value) {
        if (!reply.ok) throw { said: value.error && value.error.message };
        return value;
      });
    }, function () { throw { said: text("offline") }; });
  }

  function asked(options) {
    options.challenge = bytes(options.challenge);
    if (options.user) options.user.id = bytes(options.user.id);
    (options.excludeCredentials || []).concat(options.allowCredentials || []).forEach(function (one) { one.id = bytes(one.id); });
    return options;
  }

  function plain(credential) {
    var response = {};
    ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"].forEach(function (name) {
      if (credential.response[name]) response[name] = letters(credential.response[name]);
    });
    return { id: credential.id, rawId: letters(credential.rawId), type: credential.type, response: response };
  }

  start.addEventListener("click", function () {
    var own = box.querySelector("[data-own]");
    var name = box.querySelector("[data-name]");
    start.disabled = true;
    say("");
    post(text("options"), {}).then(function (options) {
      var wanted = { publicKey: asked(options) };
      return text("passkey") === "create" ? navigator.credentials.create(wanted) : navigator.credentials.get(wanted);
    }).then(function (credential) {
      return post(text("send"), {
        credential: plain(credential),
        next: text("next"),
        own_machine: Boolean(own && own.checked),
        name: name ? name.value : ""
      });
    }).then(function (value) {
      window.location.assign(value.next);
    }).catch(function (problem) {
      start.disabled = false;
      say((problem && problem.said) || text("cancelled"));
    });
  });
})();
