import { all } from "../dom";
import { getPage, post, read, Refusal } from "../net";

export const SIGNED_OUT = "登录已过期：请在另一页登录，再点一次";
const ANOTHER_PERSON = "现在登录的是另一个人：请由填这一页的人在另一页登录，再点一次";

/** The person whom the page was made for; "" before signing in. */
export function userOf(page: Document): string {
  return page.body.dataset["user"] ?? "";
}

/**
 * Posts what `bodyOf` makes and reads the JSON answer. Signing in anew in another tab makes the token of this page's
 * forms invalid: it is renewed and the post tried once more, but never under another person's name.
 * Throws Refusal or NoAnswer; the page and all that it holds stay as they are.
 */
export async function deliver<T>(url: string, bodyOf: () => FormData): Promise<T> {
  let answer = await post(url, bodyOf());
  if (answer.status === 403 && !answer.isJson) {
    await renewToken();
    answer = await post(url, bodyOf());
  }
  // Signed out, the server leads to its sign-in page, and the browser follows before a script can see it.
  if (answer.status >= 200 && answer.status < 300 && !answer.isJson) throw new Refusal(401, SIGNED_OUT);
  return read<T>(answer);
}

/** Takes the token of a fresh copy of this page into all of its forms. Throws Refusal when nobody or another is signed in. */
export async function renewToken(): Promise<void> {
  const page = new DOMParser().parseFromString(await getPage(window.location.href), "text/html");
  const user = userOf(page);
  if (!user) throw new Refusal(401, SIGNED_OUT);
  if (user !== userOf(document)) throw new Refusal(401, ANOTHER_PERSON);
  const fresh = page.querySelector<HTMLInputElement>('input[name="csrfmiddlewaretoken"]')?.value;
  if (!fresh) return;
  for (const field of all<HTMLInputElement>('input[name="csrfmiddlewaretoken"]')) field.value = fresh;
}
