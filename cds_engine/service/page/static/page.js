// Saves the reader clicks: a changed field is answered at once, in place, and a record may be a file. Without this the
// button and the text field do the same.
"use strict";

(() => {
  const record = document.getElementById("_record");
  if (!record) return;
  const picker = document.createElement("input");
  picker.type = "file";
  picker.accept = ".json,application/json";
  picker.setAttribute("aria-label", "A file with the record");
  picker.addEventListener("change", async () => {
    if (picker.files.length) record.value = await picker.files[0].text();
  });
  record.before(picker);
})();

(() => {
  const form = document.querySelector("form[data-live]");
  if (!form) return;
  const live = form.querySelector(".live");
  let latest = 0;

  const taken = (page) => {
    for (const field of form.querySelectorAll("[data-fact]")) {
      const now = page.querySelector(`[data-fact="${CSS.escape(field.dataset.fact)}"]`);
      if (!now) continue;
      field.querySelector(".mistakes").replaceChildren(...now.querySelector(".mistakes").childNodes);
      field.classList.toggle("wrong", now.classList.contains("wrong"));
      const [own, other] = [field, now].map((one) => one.querySelector("[id][name]"));
      for (const name of ["aria-invalid", "aria-describedby"]) {
        if (other.hasAttribute(name)) own.setAttribute(name, other.getAttribute(name));
        else own.removeAttribute(name);
      }
    }
    document.getElementById("answer").replaceChildren(...page.getElementById("answer").childNodes);
    form.elements._was.value = page.querySelector("[name=_was]").value;
    live.textContent = "The answer is up to date.";
  };

  form.addEventListener("change", async () => {
    const mine = ++latest;
    live.textContent = "…";
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      const text = await answer.text();
      if (mine !== latest) return;
      if (!answer.ok) throw new Error();
      taken(new DOMParser().parseFromString(text, "text/html"));
    } catch {
      if (mine === latest) live.textContent = "The answer is not up to date; press Evaluate.";
    }
  });

  const asked = document.getElementById("supposed");
  if (asked) asked.focus();
})();
