/** Buttons with `data-copy` put its text on the clipboard and say so; `data-print` opens the printer. Without script the text is there to be marked. */
export function startCopies(): void {
  for (const button of Array.from(document.querySelectorAll<HTMLButtonElement>("[data-copy]"))) {
    button.addEventListener("click", () => {
      const text = button.dataset.copy ?? "";
      void copied(text).then((done) => {
        button.textContent = done ? "已复制" : "请手工复制";
      });
    });
  }
  for (const button of Array.from(document.querySelectorAll<HTMLButtonElement>("[data-print]"))) {
    button.addEventListener("click", () => window.print());
  }
}

/** Whether the text is on the clipboard now. Over plain HTTP a browser has no clipboard of its own: a marked field is copied. */
async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedFromField(text);
  }
}

function copiedFromField(text: string): boolean {
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}
