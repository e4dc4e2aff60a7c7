import { all } from "./dom";

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.matches("textarea, select, input:not([type=radio]):not([type=checkbox])");
}

/**
 * In `form[data-keys]`: 1–9 select the radio of that order and decide nothing, R goes to the reason, Ctrl+Enter submits.
 * J and K follow `a[data-next]` and `a[data-prev]`. No single key ever decides.
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
    if (form && onFormKey(form, event.key)) event.preventDefault();
    if (event.key === "j") document.querySelector<HTMLElement>("a[data-next]")?.click();
    if (event.key === "k") document.querySelector<HTMLElement>("a[data-prev]")?.click();
  });
}

function onFormKey(form: HTMLFormElement, key: string): boolean {
  if (key === "r") {
    const reason = form.querySelector<HTMLTextAreaElement>("textarea");
    reason?.focus();
    return reason !== null;
  }
  const order = "123456789".indexOf(key);
  const radio = key.length === 1 && order >= 0 ? all<HTMLInputElement>("input[type=radio]:not([disabled])", form)[order] : undefined;
  radio?.click();
  radio?.focus();
  return radio !== undefined;
}

function markChosen(chosen: HTMLInputElement): void {
  for (const radio of all<HTMLInputElement>(`input[type=radio][name="${chosen.name}"]`)) {
    radio.closest(".opt")?.classList.toggle("on", radio.checked);
  }
}
