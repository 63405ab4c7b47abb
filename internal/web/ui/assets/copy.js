// A button that copies the lines of a list.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const lines = [...document.getElementById(button.dataset.copy).children].map((line) => line.textContent);
    await navigator.clipboard.writeText(lines.join("\n"));
    document.getElementById(`${button.dataset.copy}-copied`).textContent = button.dataset.done;
  });
}
