// Small improvements for every page. Everything here also works without it.
(function () {
  "use strict";

  var root = document.documentElement;

  function each(selector, action) {
    Array.prototype.forEach.call(document.querySelectorAll(selector), action);
  }

  function twoDigits(number) {
    return (number < 10 ? "0" : "") + number;
  }

  function revealPasswords() {
    each("[data-password]", function (button) {
      var input = document.getElementById(button.getAttribute("data-password"));
      var word = button.querySelector("[data-word]");
      if (!input || !word) return;
      function show(visible) {
        input.type = visible ? "text" : "password";
        word.textContent = button.getAttribute(visible ? "data-hide" : "data-show");
      }
      button.addEventListener("click", function () {
        show(input.type === "password");
      });
      // A password sent as type=text would be remembered by the browser as an ordinary text.
      if (input.form) input.form.addEventListener("submit", function () { show(false); });
    });
  }

  function printing() {
    each("[data-print]", function (button) {
      button.addEventListener("click", function () { window.print(); });
    });
    window.addEventListener("beforeprint", function () {
      var now = new Date();
      var text = twoDigits(now.getDate()) + "/" + twoDigits(now.getMonth() + 1) + "/" + now.getFullYear() +
        " " + twoDigits(now.getHours()) + ":" + twoDigits(now.getMinutes());
      each("[data-printed]", function (place) { place.textContent = text; });
    });
  }

  function copying() {
    each("[data-copy]", function (button) {
      var source = document.getElementById(button.getAttribute("data-copy"));
      if (!source) return;
      var status = document.createElement("span");
      status.className = "copied";
      status.setAttribute("role", "status");
      button.parentNode.insertBefore(status, button.nextSibling);
      button.addEventListener("click", function () {
        var helper = source;
        if (!("select" in source)) {
          helper = document.createElement("textarea");
          helper.value = source.textContent.trim();
          document.body.appendChild(helper);
        }
        helper.select();
        var copied = document.execCommand("copy");
        if (helper !== source) document.body.removeChild(helper);
        button.focus();
        if (copied) status.textContent = button.getAttribute("data-done");
      });
    });
  }

  // On a narrow screen a long navigation folds behind one button.
  function foldNavigation() {
    each("[data-nav]", function (nav) {
      var list = nav.querySelector("ul");
      var button = document.createElement("button");
      button.type = "button";
      button.className = "nav__toggle";
      button.textContent = nav.getAttribute("data-nav");
      button.setAttribute("aria-expanded", "false");
      button.setAttribute("aria-controls", list.id);
      button.addEventListener("click", function () {
        var open = nav.classList.toggle("nav--open");
        button.setAttribute("aria-expanded", String(open));
      });
      nav.insertBefore(button, list);
      nav.classList.add("nav--folds");
    });
  }

  // A table wider than the screen must be reachable with the arrow keys.
  function scrollableTables() {
    each("[data-scroll]", function (frame) {
      if (frame.scrollWidth > frame.clientWidth + 1) frame.setAttribute("tabindex", "0");
      else frame.removeAttribute("tabindex");
    });
  }

  function focusErrors() {
    var summary = document.querySelector("[data-focus]");
    if (summary) summary.focus();
  }

  root.classList.remove("no-js");
  revealPasswords();
  printing();
  copying();
  foldNavigation();
  scrollableTables();
  window.addEventListener("resize", scrollableTables);
  focusErrors();
})();
