// Everything works without this file. It keeps what is typed on this device until it is saved, sends the last page
// again when the connection comes back, and solves the proof of work of an open link.
(function () {
  'use strict';
  var doc = document, main = doc.querySelector('main'), form = doc.querySelector('form[data-keep]');
  var words = main.dataset, store = null;
  try { store = window.localStorage; store.setItem('gp', '1'); store.removeItem('gp'); } catch (e) { store = null; }

  // The token leaves the address line and the history.
  if (location.search.indexOf('t=') > 0) {
    var kept = location.search.slice(1).split('&').filter(function (p) { return p.indexOf('t=') !== 0; }).join('&');
    history.replaceState(null, '', location.pathname + (kept ? '?' + kept : ''));
  }
  // Keyboard and screen reader start where the problem is.
  var errors = doc.querySelector('.errors');
  if (errors) { errors.focus(); }
  if (store && words.forget) {
    Object.keys(store).forEach(function (key) { if (key.indexOf('gp:' + words.forget) === 0) { store.removeItem(key); } });
  }
  if (!form) { return; }
  var note = doc.querySelector('.note'), key = 'gp:' + form.dataset.keep;
  function say(text) { if (note) { note.textContent = text || ''; } }

  // Autosave: the fields of this page, until the server has them.
  function fields() { return Array.prototype.filter.call(form.elements, function (f) { return f.name && f.type !== 'hidden'; }); }
  if (store && !errors) {
    try {
      var saved = JSON.parse(store.getItem(key) || 'null');
      if (saved) {
        fields().forEach(function (f) {
          var values = saved[f.name] || [];
          if (f.type === 'radio' || f.type === 'checkbox') { f.checked = values.indexOf(f.value) >= 0; } else { f.value = values[0] || ''; }
        });
      }
    } catch (e) { store.removeItem(key); }
  }
  var later;
  form.addEventListener('input', function () {
    clearTimeout(later);
    later = setTimeout(function () {
      if (!store) { return; }
      var now = {};
      fields().forEach(function (f) {
        if ((f.type === 'radio' || f.type === 'checkbox') && !f.checked) { return; }
        (now[f.name] = now[f.name] || []).push(f.value);
      });
      try { store.setItem(key, JSON.stringify(now)); say(words.saved); } catch (e) { say(''); }
    }, 300);
  });

  function hex(text) { return new Uint8Array(text.match(/../g).map(function (b) { return parseInt(b, 16); })); }
  // ALTCHA v2: PBKDF2-SHA-256 over nonce and counter until the key begins with the prefix.
  async function solve(challenge) {
    var p = challenge.parameters, nonce = hex(p.nonce), salt = hex(p.salt), started = Date.now();
    for (var counter = 0; ; counter++) {
      var password = new Uint8Array(nonce.length + 4);
      password.set(nonce);
      new DataView(password.buffer).setUint32(nonce.length, counter);
      var base = await crypto.subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits']);
      var bits = await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt: salt, iterations: p.cost }, base, p.keyLength * 8);
      var key = Array.prototype.map.call(new Uint8Array(bits), function (b) { return ('0' + b.toString(16)).slice(-2); }).join('');
      if (key.indexOf(p.keyPrefix) === 0) {
        return btoa(JSON.stringify({ challenge: challenge, solution: { counter: counter, derivedKey: key, time: Date.now() - started } }));
      }
    }
  }
  async function prove() {
    var field = form.elements.proof, url = form.dataset.challenge;
    if (!field || field.value || !url || !window.crypto || !crypto.subtle) { return; }
    say(words.proving);
    field.value = await solve(await (await fetch(url, { credentials: 'omit' })).json());
  }
  // The same fields again are the same answers: the server knows their id.
  var busy = false;
  async function send() {
    say(words.wait);
    try {
      await prove();
      await fetch(doc.querySelector('link[rel=stylesheet]').href, { method: 'HEAD', cache: 'no-store', credentials: 'omit' });
    } catch (e) {
      say(words.offline);
      busy = false;
      window.addEventListener('online', start, { once: true });
      return;
    }
    if (store) { store.removeItem(key); }
    form.submit();
  }
  function start() {
    if (busy) { return; }
    busy = true;
    Array.prototype.forEach.call(form.querySelectorAll('button'), function (b) { b.disabled = true; });
    send().then(function () { if (!busy) { Array.prototype.forEach.call(form.querySelectorAll('button'), function (b) { b.disabled = false; }); } });
  }
  form.addEventListener('submit', function (event) { event.preventDefault(); start(); });
  window.addEventListener('pageshow', function (event) { if (event.persisted) { location.reload(); } });
})();
