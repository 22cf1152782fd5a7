// Tells the record store what a learner watched, by the video profile (https://w3id.org/xapi/video), as that learner and nobody else.
"use strict";

const VIDEO = "https://w3id.org/xapi/video";
const VERBS = {
  initialized: "http://adlnet.gov/expapi/verbs/initialized",
  played: `${VIDEO}/verbs/played`,
  paused: `${VIDEO}/verbs/paused`,
  seeked: `${VIDEO}/verbs/seeked`,
  completed: "http://adlnet.gov/expapi/verbs/completed",
  terminated: "http://adlnet.gov/expapi/verbs/terminated",
};
const WATCHED = 0.95; // share of the film after which it counts as watched

// A key for whoever is signed in, good for four hours. The page's own session cookie asks for it, with the token of any form of the service.
async function openStore() {
  const page = new DOMParser().parseFromString(await (await fetch("/")).text(), "text/html");
  const csrf = page.querySelector("input[name=csrf_token]");
  if (!csrf) throw new Error("nobody is signed in");
  const answer = await fetch("/manage/xapi/content-token", { method: "POST", headers: { "X-CSRFToken": csrf.value } });
  if (!answer.ok) throw new Error(`no key: ${answer.status}`);
  const key = await answer.json();
  const headers = { Authorization: `Basic ${key["auth-token"]}`, "X-Experience-API-Version": "1.0.3", "Content-Type": "application/json" };
  const ask = (path, how) => fetch(key.endpoint + path, { ...how, headers: { ...headers, ...(how || {}).headers }, keepalive: true });
  return { actor: key.actor, ask };
}

async function watch(film, said) {
  const store = await openStore();
  const activity = `${location.origin}/${film.dataset.activity}`;
  const [session, registration] = [crypto.randomUUID(), crypto.randomUUID()];
  const resume = "activities/state?" + new URLSearchParams({ activityId: activity, agent: JSON.stringify(store.actor), stateId: "resume" });
  const seconds = (time) => Math.round(time * 1000) / 1000;
  const segments = () => Array.from(film.played, (_, i) => `${seconds(film.played.start(i))}[.]${seconds(film.played.end(i))}`).join("[,]");
  const progress = () => {
    let watched = 0;
    for (let i = 0; i < film.played.length; i++) watched += film.played.end(i) - film.played.start(i);
    return film.duration ? Math.min(1, seconds(watched / film.duration)) : 0;
  };
  let queue = Promise.resolve(); // one after the other: the store keeps the order in which it is told
  const tell = (verb, extensions = {}, result = {}) => {
    const given = Object.entries(extensions).map(([name, value]) => [`${VIDEO}/extensions/${name}`, value]);
    const statement = {
      id: crypto.randomUUID(),
      timestamp: new Date().toISOString(),
      actor: store.actor,
      verb: { id: VERBS[verb], display: { en: verb } },
      object: { id: activity, definition: { type: `${VIDEO}/activity-type/video`, name: { vi: film.dataset.name } } },
      ...(given.length ? { result: { ...result, extensions: Object.fromEntries(given) } } : {}),
      context: {
        registration,
        language: "vi",
        contextActivities: { category: [{ id: VIDEO }] },
        extensions: { [`${VIDEO}/extensions/session-id`]: session, [`${VIDEO}/extensions/length`]: seconds(film.duration) },
      },
    };
    queue = queue
      .then(() => store.ask("statements", { method: "POST", body: JSON.stringify(statement) }))
      .then((answer) => { said.textContent = answer.ok ? "" : `Chưa ghi được việc học (${answer.status}).`; })
      .catch(() => { said.textContent = "Chưa ghi được việc học: mất kết nối."; });
  };

  const left = await store.ask(resume);
  if (left.ok) film.currentTime = (await left.json()).time;
  tell("initialized");
  let [from, done] = [film.currentTime, false];
  const keep = () => store.ask(resume, { method: "PUT", body: JSON.stringify({ time: film.ended ? 0 : seconds(film.currentTime) }) });
  film.addEventListener("play", () => tell("played", { time: seconds(film.currentTime) }));
  film.addEventListener("timeupdate", () => { if (!film.seeking) from = film.currentTime; });
  film.addEventListener("seeked", () => tell("seeked", { "time-from": seconds(from), "time-to": seconds(film.currentTime) }));
  film.addEventListener("pause", () => {
    const watched = { time: seconds(film.currentTime), progress: progress(), "played-segments": segments() };
    tell("paused", watched);
    if (!done && watched.progress >= WATCHED) {
      done = true;
      tell("completed", watched, { completion: true, duration: `PT${seconds(film.duration)}S` });
    }
    keep();
  });
  addEventListener("pagehide", () => {
    keep();
    tell("terminated", { time: seconds(film.currentTime), progress: progress(), "played-segments": segments() });
  });
  film.dataset.told = "yes";
}

const film = document.getElementById("film");
const begin = () => watch(film, document.getElementById("said")).catch(() => {}); // nobody signed in, or no store: a film all the same
film.readyState >= 1 ? begin() : film.addEventListener("loadedmetadata", begin, { once: true });
