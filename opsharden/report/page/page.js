"use strict";
/* Hides, shows and jumps. Everything it works on is in the page; without it all of that stays readable. */
(() => {
  const find = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const text = find("#f-text"), host = find("#f-host"), role = find("#f-role"), count = find("#f-count");
  const verdicts = all("input[name=verdict]"), severities = all("input[name=severity]");
  const plural = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

  // Read the page once: a control has variants, a variant has answers, an answer has hosts.
  const controls = all("details.control").map((element) => ({
    element,
    severity: element.dataset.severity,
    role: element.dataset.role,
    words: [find("summary", element), find(".about", element)].map((part) => part.textContent).join(" ").toLowerCase(),
    variants: all(".variant", element).map((variant) => ({
      element: variant,
      many: find(":scope > details.many", variant),
      verdict: variant.dataset.verdict,
      words: all("pre, .said, .lines th, .lines code", variant).map((part) => part.textContent).join(" ").toLowerCase(),
      answers: all(".answer", variant).map((answer) => ({
        element: answer,
        many: find("details.many", answer),
        hosts: all(".hosts > li", answer).map((item) => ({ item, name: item.textContent, words: item.textContent.toLowerCase() })),
      })),
    })),
  }));

  const show = (element, visible) => { if (element.hidden === visible) element.hidden = !visible; };

  function tidy(fold, shown) {
    if (!fold) return;
    find("summary", fold).textContent = plural(shown, "host");
    fold.open = shown <= 12;
  }

  /* A word found in a control or a variant keeps all its hosts; one found in host names keeps those hosts. */
  function showAnswer(answer, wanted, wordsAbove) {
    let shown = 0;
    for (const { item, name, words } of answer.hosts) {
      const visible = (!wanted.host || name === wanted.host) && (wordsAbove || words.includes(wanted.text));
      show(item, visible);
      shown += visible;
    }
    tidy(answer.many, shown);
    show(answer.element, shown > 0);
    return shown;
  }

  function showControl(control, wanted) {
    const possible = wanted.severities.has(control.severity) && (!wanted.role || control.role === wanted.role);
    const wordsInControl = control.words.includes(wanted.text);
    let shown = 0;
    for (const variant of control.variants) {
      let here = 0;
      if (possible && wanted.verdicts.has(variant.verdict)) {
        const wordsAbove = wordsInControl || variant.words.includes(wanted.text);
        for (const answer of variant.answers) here += showAnswer(answer, wanted, wordsAbove);
      }
      tidy(variant.many, here);
      show(variant.element, here > 0);
      shown += here;
    }
    show(control.element, shown > 0);
    return shown;
  }

  function apply() {
    const checked = (boxes) => new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const wanted = { text: text.value.trim().toLowerCase(), host: host.value, role: role.value, verdicts: checked(verdicts), severities: checked(severities) };
    const numbers = controls.map((control) => showControl(control, wanted));
    const findings = numbers.reduce((sum, number) => sum + number, 0);
    const total = controls.reduce((sum, control) => sum + control.variants.reduce((more, variant) => more + variant.answers.reduce((hosts, answer) => hosts + answer.hosts.length, 0), 0), 0);
    count.textContent = `${plural(findings, "finding")} of ${total.toLocaleString("en")}, ${plural(numbers.filter(Boolean).length, "control")}`;
    show(find("#f-none"), findings === 0 && total > 0);
  }

  const check = (boxes, wanted) => boxes.forEach((box) => { box.checked = wanted(box.value); });
  const occurring = new Set(controls.flatMap((control) => control.variants.map((variant) => variant.verdict)));
  const urgent = ["fail", "error"].filter((verdict) => occurring.has(verdict));

  function reset(everything) {
    text.value = host.value = role.value = "";
    check(verdicts, (verdict) => everything || !urgent.length || urgent.includes(verdict));
    check(severities, () => true);
    apply();
  }

  let waiting = 0;
  text.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(apply, 120); });
  [host, role, ...verdicts, ...severities].forEach((field) => field.addEventListener("change", apply));
  find("#f-reset").addEventListener("click", () => reset(false));
  find("#f-all").addEventListener("click", () => reset(true));
  find("#f-fold").addEventListener("click", (event) => {
    const open = event.target.textContent === "Unfold";
    controls.forEach((control) => { control.element.open = open; });
    event.target.textContent = open ? "Fold" : "Unfold";
  });

  // From a cell of the overviews to its findings: what fails if anything does, else all of it.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.jump");
    if (!link) return;
    reset(false);
    host.value = link.dataset.host ?? "";
    role.value = link.dataset.role ?? "";
    apply();
    if (controls.every((control) => control.element.hidden)) { check(verdicts, () => true); apply(); }
  });

  // One click from a finding to what was observed.
  const viewer = find("#viewer"), body = find("#viewer-body");
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".evidence a");
    const whole = link && document.getElementById(link.hash.slice(1))?.parentElement;
    if (whole && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      const copy = whole.cloneNode(true);
      copy.open = true;
      find("p", copy).removeAttribute("id");
      body.replaceChildren(copy);
      viewer.showModal();
      viewer.scrollTop = 0;
    } else if (event.target === viewer) {
      viewer.close();
    }
  });

  /* An address with #c-<control> or #o-<digest> shows that, whatever the filters say. */
  function follow() {
    let id = "";
    try { id = decodeURIComponent(location.hash.slice(1)); } catch { return; }
    const target = id && document.getElementById(id);
    if (!target) return;
    if (target.hidden) reset(true);
    const fold = target.closest("details");
    if (fold) { fold.open = true; target.scrollIntoView(); }
  }
  window.addEventListener("hashchange", follow);

  let folded = [];
  window.addEventListener("beforeprint", () => {
    folded = all("details:not([open]):not(.observation)").filter((element) => !element.closest("[hidden]"));
    folded.forEach((element) => { element.open = true; });
  });
  window.addEventListener("afterprint", () => folded.forEach((element) => { element.open = false; }));

  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !viewer.open && !["INPUT", "SELECT"].includes(document.activeElement.tagName)) {
      event.preventDefault();
      text.focus();
    }
  });

  find(".filters").hidden = false;
  reset(false);
  follow();
})();
