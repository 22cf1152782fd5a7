// Writing a question: the preview follows what is written, rows come and go without a new page, places are drawn on the picture.
// Without this file every one of these is a button of the form.
(function () {
  "use strict";

  var PAUSE = 600;
  var form = document.getElementById("editor");
  var place = document.getElementById("preview");
  if (!form || !place || !window.fetch || !window.FormData || !window.DOMParser) return;
  var timer = null;
  var turn = 0;

  function send(address, values) {
    return fetch(address, { method: "POST", credentials: "same-origin", body: values }).then(function (response) {
      if (response.status !== 200) throw new Error("refused");
      return response.text();
    });
  }

  function withoutFile() {
    var values = new FormData(form);
    values.delete("picture_file");
    return values;
  }

  function preview() {
    var mine = ++turn;
    send(form.getAttribute("data-preview"), withoutFile()).then(function (page) {
      if (mine === turn) place.innerHTML = page;
    }).catch(function () { /* the next change tries again */ });
  }

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(preview, PAUSE);
  }

  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  document.getElementById("show_key").addEventListener("change", preview);

  // Buttons of lists post the form and take the lists out of the page that comes back.
  form.addEventListener("click", function (event) {
    var button = event.target.closest("button[name=act]");
    if (!button || !/^(add|drop|up)-/.test(button.value)) return;
    event.preventDefault();
    var values = withoutFile();
    values.append("act", button.value);
    send(window.location.href, values).then(function (page) {
      var fresh = new DOMParser().parseFromString(page, "text/html").getElementById("lists");
      var file = document.getElementById("picture_file");
      var list = button.value.split("-")[1];
      document.getElementById("lists").innerHTML = fresh.innerHTML;
      var empty = document.getElementById("picture_file");
      if (file && empty) empty.parentNode.replaceChild(file, empty);
      var rows = document.querySelectorAll("#" + list + " > [data-row]");
      var last = rows.length && rows[rows.length - 1].querySelector("input:not([type=hidden]), textarea");
      if (/^add/.test(button.value) && last) last.focus();
      preview();
    }).catch(function () { button.form.submit(); });
  });

  // ---- drawing a rectangle for the place whose coordinates were in hand last

  var target = null;
  var from = null;

  function point(event, image) {
    var box = image.getBoundingClientRect();
    var x = (event.clientX - box.left) / box.width;
    var y = (event.clientY - box.top) / box.height;
    function within(share, size) { return Math.round(Math.min(1, Math.max(0, share)) * size); }
    return [within(x, image.naturalWidth), within(y, image.naturalHeight)];
  }

  form.addEventListener("focusin", function (event) {
    if (/-coords$/.test(event.target.name || "")) target = event.target;
  });
  form.addEventListener("mousedown", function (event) {
    var image = event.target.closest("[data-draw] img");
    if (!image || !target) return;
    event.preventDefault();
    from = point(event, image);
  });
  document.addEventListener("mouseup", function (event) {
    if (!from) return;
    var image = form.querySelector("[data-draw] img");
    var to = point(event, image);
    var size = [Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1])];
    if (size[0] && size[1]) {
      target.value = [Math.min(from[0], to[0]), Math.min(from[1], to[1])].concat(size).join(", ");
      soon();
    }
    from = null;
  });
})();
