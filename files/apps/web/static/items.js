"use strict";
const list = document.getElementById("items");
const problem = document.getElementById("problem");

async function call(options) {
  const answer = await fetch("/api/items", options);
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.error);
  return content;
}

async function show() {
  try {
    const { items } = await call();
    list.replaceChildren(...items.map((item) => Object.assign(document.createElement("li"), { textContent: item.name })));
    problem.textContent = "";
  } catch (error) {
    problem.textContent = error.message;
  }
}

document.getElementById("add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = new FormData(event.target).get("name");
  try {
    await call({ method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ name }) });
    event.target.reset();
  } catch (error) {
    problem.textContent = error.message;
    return;
  }
  await show();
});
show();
