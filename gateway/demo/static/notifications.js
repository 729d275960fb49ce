// Logs in, shows the inbox, and lets it fill live. Tokens stay in this page's memory. docs/notifications.md has the
// messages and the close codes that this goes by.
"use strict";

const FROM_THE_BEGINNING = "00000000-0000-0000-0000-000000000000";
const OVER = new Set([4402, 4403]); // logged out, deactivated: a new log-in is needed
const LONGEST_PAUSE = 10000;

const session = { access: null, refresh: null, newest: FROM_THE_BEGINNING, pause: 500 };
const element = (id) => document.getElementById(id);
const say = (words) => { element("status").textContent = words; };

async function ask(method, path, body) {
  const headers = { "Content-Type": "application/json" };
  if (session.access) headers.Authorization = `Bearer ${session.access}`;
  const answer = await fetch(`/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
  const content = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw Object.assign(new Error(content.detail || content.title), { status: answer.status });
  return content;
}

function keep(tokens) {
  session.access = tokens.access_token;
  session.refresh = tokens.refresh_token;
}

function show(notification) {
  if (document.querySelector(`[data-id="${notification.id}"]`)) return;
  const entry = document.createElement("li");
  entry.dataset.id = notification.id;
  entry.dataset.kind = notification.kind;
  const parts = { h2: notification.title, p: notification.body, time: new Date(notification.created_at).toLocaleString() };
  for (const [tag, words] of Object.entries(parts)) {
    entry.append(Object.assign(document.createElement(tag), { textContent: words }));
  }
  element("inbox").prepend(entry);
}

async function ticket() {
  try {
    return await ask("POST", "/notifications/ticket");
  } catch (error) {
    if (error.status !== 401) throw error;
    session.access = null; // expired: a new one, with the refresh token
    keep(await ask("POST", "/auth/refresh", { refresh_token: session.refresh }));
    return ask("POST", "/notifications/ticket");
  }
}

async function connect() {
  let given;
  try {
    given = await ticket();
  } catch (error) {
    if (error.status === 401) logOut("your session has ended");
    else again();
    return;
  }
  const query = new URLSearchParams({ ticket: given.ticket, after: session.newest });
  const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/v1/notifications/ws?${query}`);
  socket.onopen = () => { session.pause = 500; say("live"); };
  socket.onmessage = ({ data }) => {
    const notification = JSON.parse(data);
    show(notification);
    session.newest = notification.id;
  };
  socket.onclose = ({ code, reason }) => {
    if (OVER.has(code)) logOut(reason);
    else again();
  };
}

function again() {
  say("reconnecting …");
  setTimeout(connect, session.pause);
  session.pause = Math.min(session.pause * 2, LONGEST_PAUSE);
}

function logOut(why) {
  Object.assign(session, { access: null, refresh: null, newest: FROM_THE_BEGINNING });
  element("inbox").replaceChildren();
  element("log-in").hidden = false;
  say(why);
}

element("log-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  element("refusal").textContent = "";
  try {
    keep(await ask("POST", "/auth/login", { email: element("email").value, password: element("password").value }));
    element("password").value = "";
    element("log-in").hidden = true;
    await connect();
  } catch (error) {
    element("refusal").textContent = error.message;
  }
});
