import { all, make } from "./dom";

const SENT_HOLD_MS = 8000;

let lastClicked: HTMLElement | null = null;

/**
 * `data-confirm="要问的话"` on a form or on one of its submit buttons asks before it is posted; with
 * `data-confirm-reason="reason"` it also asks for a reason and posts it under that name.
 * Every POST form is posted once: a second click while the first is on its way does nothing.
 */
export function startConfirms(): void {
  document.addEventListener("click", (event) => {
    const target = event.target as Element | null;
    lastClicked = target?.closest<HTMLElement>("button, input[type=submit]") ?? null;
  });
  document.addEventListener("submit", (event) => onSubmit(event), true);
  window.addEventListener("pageshow", () => all<HTMLFormElement>("form[data-sent]").forEach((form) => form.removeAttribute("data-sent")));
}

function onSubmit(event: Event): void {
  const form = event.target as HTMLFormElement;
  if (form.matches("[data-report]")) return;
  const clicked = (event as SubmitEvent).submitter ?? lastClicked;
  const button = clicked && form.contains(clicked) ? (clicked as HTMLElement) : null;
  const asking = button?.hasAttribute("data-confirm") ? button : form;
  const question = asking.getAttribute("data-confirm");
  if (question && !form.hasAttribute("data-confirmed")) {
    event.preventDefault();
    event.stopPropagation();
    ask(form, button, question, asking.getAttribute("data-confirm-reason"));
    return;
  }
  form.removeAttribute("data-confirmed");
  // Sent by script (report/send.ts), which holds it back by itself and says what became of it.
  if (form.matches("[data-send]")) return;
  if (form.method.toLowerCase() !== "post") return;
  if (!heldForNet(event, form)) return;
  if (form.hasAttribute("data-sent")) {
    event.preventDefault();
    return;
  }
  form.setAttribute("data-sent", "");
  // A POST that answers with a download leaves this page standing: let it be asked for again.
  setTimeout(() => form.removeAttribute("data-sent"), SENT_HOLD_MS);
}

/** Without a net the browser would put its own page in the place of what was typed and photographed: it stays, and says so. */
function heldForNet(event: Event, form: HTMLFormElement): boolean {
  const there = form.querySelector<HTMLElement>("[data-offline]");
  there?.remove();
  if (navigator.onLine) return true;
  event.preventDefault();
  event.stopPropagation();
  const words = "现在没有网，没有送出。填的内容和照片还在这一页，有网后再按一次，不会重复。";
  const note = make("p", { cls: "note warn act", text: words, attrs: { "data-offline": "", role: "alert" } });
  form.appendChild(note);
  window.addEventListener("online", () => (note.textContent = "有网了：请再按一次。"), { once: true });
  return false;
}

function ask(form: HTMLFormElement, button: HTMLElement | null, question: string, reasonName: string | null): void {
  if (!("showModal" in document.createElement("dialog"))) {
    if (reasonName === null && window.confirm(question)) post(form, button, null, "");
    if (reasonName !== null) {
      const reason = window.prompt(`${question}\n理由（必填）`)?.trim();
      if (reason) post(form, button, reasonName, reason);
    }
    return;
  }
  const reason = make("textarea", { attrs: { id: "confirm-reason", required: "", rows: "3" } });
  const yes = make("button", { text: button?.textContent?.trim() || "确定", cls: "btn main", attrs: { type: "submit" } });
  const no = make("button", { text: "不，返回", cls: "btn", attrs: { type: "button" } });
  const parts: Node[] = [make("h2", { text: question })];
  if (reasonName !== null) parts.push(make("label", { text: "理由（写入日志）", attrs: { for: "confirm-reason" } }), reason);
  const inner = make("form", {}, [...parts, make("p", { cls: "row" }, [no, yes])]);
  const dialog = make("dialog", {}, [inner]);
  document.body.appendChild(dialog);
  no.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  inner.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    dialog.close();
    post(form, button, reasonName, reason.value.trim());
  });
  dialog.showModal();
}

function post(form: HTMLFormElement, button: HTMLElement | null, reasonName: string | null, reason: string): void {
  if (reasonName !== null) setHidden(form, reasonName, reason);
  form.setAttribute("data-confirmed", "");
  // A click, not form.submit(): the button's own name and value must travel, and the browser's checks must run.
  if (button) {
    button.click();
    // The submit event has run by now; if the browser's checks stopped it, the next try must ask again.
    form.removeAttribute("data-confirmed");
  } else {
    setTimeout(() => form.submit(), 0);
  }
}

function setHidden(form: HTMLFormElement, name: string, value: string): void {
  const there = form.elements.namedItem(name);
  if (there instanceof HTMLInputElement || there instanceof HTMLTextAreaElement) {
    there.value = value;
    return;
  }
  form.appendChild(make("input", { attrs: { type: "hidden", name, value } }));
}
