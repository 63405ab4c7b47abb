// The board of conversations, kept up to date. Without this file it is as new as the page.

const board = document.querySelector("[data-board]");
const count = document.querySelector("[data-board-count]");
const title = document.title;
let stream;

const connect = () => {
  stream = new EventSource(board.dataset.board);
  stream.addEventListener("board", (event) => {
    const at = board.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    board.innerHTML = event.data;
    if (at) board.querySelector(`a[href="${CSS.escape(at)}"]`)?.focus(); // the reader stays where they were
    const waiting = board.querySelectorAll('[aria-labelledby="board-waiting"] li').length;
    document.title = waiting ? `(${waiting}) ${title}` : title;
  });
  stream.addEventListener("count", (event) => {
    if (count.textContent !== event.data) count.textContent = event.data;
  });
};

addEventListener("pagehide", () => stream?.close());
addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
connect();
