// The slider over the life of the tree. Without it a date field and links to the days of change do the same.
(function () {
  "use strict";

  var DAY = 86400000;
  var frame = document.querySelector("[data-days]");
  if (!frame) return;
  var slider = frame.querySelector("input[type=range]");
  var shown = frame.querySelector("output");
  var first = Date.parse(frame.getAttribute("data-days") + "T00:00:00Z");
  var marks = Array.prototype.map.call(frame.querySelectorAll("option"), function (mark) { return Number(mark.value); });
  var begun = Number(slider.value);
  var dragging = false;

  function iso(place) {
    return new Date(first + place * DAY).toISOString().slice(0, 10);
  }

  // A finger is coarse: near a day of change it means that day. The arrow keys go day by day.
  function snapped(place) {
    var reach = dragging ? Number(slider.max) / 60 : 0;
    var best = place;
    marks.forEach(function (mark) {
      var distance = Math.abs(mark - place);
      if (distance <= reach) { reach = distance; best = mark; }
    });
    return best;
  }

  function show() {
    var parts = iso(snapped(Number(slider.value))).split("-");
    shown.textContent = parts[2] + "/" + parts[1] + "/" + parts[0];
    slider.setAttribute("aria-valuetext", shown.textContent);
  }

  function go() {
    var place = snapped(Number(slider.value));
    if (place === begun) return;
    var address = frame.getAttribute("data-address");
    window.location.assign(address + (address.indexOf("?") < 0 ? "?" : "&") + "on=" + iso(place));
  }

  slider.addEventListener("pointerdown", function () { dragging = true; });
  slider.addEventListener("touchstart", function () { dragging = true; }, { passive: true });
  slider.addEventListener("input", show);
  slider.addEventListener("change", function () { if (dragging) { go(); dragging = false; } });
  slider.addEventListener("keydown", function (event) { if (event.key === "Enter") go(); });
  show();
})();
