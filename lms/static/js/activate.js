// A slip's QR code carries the code behind the #, which browsers never send: put it into the field, and out of the address.
(function () {
  "use strict";

  var field = document.getElementById("code");
  var code = window.location.hash.slice(1);
  if (!field || !/^[0-9A-Za-z-]{16,24}$/.test(code)) return;
  field.value = code;
  if (window.history.replaceState) window.history.replaceState(null, "", window.location.pathname);
})();
