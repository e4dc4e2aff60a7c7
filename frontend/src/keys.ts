import { all } from "./dom";

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.matches("textarea, select, input:not([type=radio]):not([type=checkbox])");
}

/**
 * In `form[data-keys]`: a digit selects the option whose `<kbd>` shows it and decides nothing, R goes to the reason,
 * Ctrl+Enter submits. J and K follow `a[data-next]` and `a[data-prev]`. No single key ever decides.
 */
export function startKeys(): void {
  for (const radio of all<HTMLInputElement>(".opt input[type=radio]")) {
    radio.addEventListener("change", () => markChosen(radio));
    if (radio.checked) markChosen(radio);
  }
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    const form = document.querySelector<HTMLFormElement>("form[data-keys]");
    if (event.ctrlKey && event.key === "Enter" && form) {
      event.preventDefault();
      form.querySelector<HTMLElement>("button[type=submit]:not([disabled])")?.click();
    }
    if (event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
    const key = event.key.toLowerCase();
    if (form && onFormKey(form, key)) event.preventDefault();
    if (key === "j") document.querySelector<HTMLElement>("a[data-next]")?.click();
    if (key === "k") document.querySelector<HTMLElement>("a[data-prev]")?.click();
  });
}

function onFormKey(form: HTMLFormElement, key: string): boolean {
  if (key === "r") {
    const reason = form.querySelector<HTMLTextAreaElement>("textarea");
    reason?.focus();
    return reason !== null;
  }
  const radio = optionOf(form, key)?.querySelector<HTMLInputElement>("input[type=radio]:not([disabled])");
  radio?.click();
  radio?.focus();
  return Boolean(radio);
}

/** The option that shows `key`. What is on the screen is the only numbering: a closed option keeps its number. */
function optionOf(form: HTMLFormElement, key: string): HTMLElement | undefined {
  if (!/^[1-9]$/.test(key)) return undefined;
  return all(".opt", form).find((option) => option.querySelector("kbd")?.textContent?.trim() === key);
}

function markChosen(chosen: HTMLInputElement): void {
  for (const radio of all<HTMLInputElement>(`input[type=radio][name="${chosen.name}"]`)) {
    radio.closest(".opt")?.classList.toggle("on", radio.checked);
  }
}
