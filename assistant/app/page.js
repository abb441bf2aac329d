// What the page does in the browser by itself. Loaded once, from the page's own head; asks no other host.
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const typing = () => /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? "");

  // Settled once the page shows what was open before; or after a while, should the server not say so.
  window.mvShown = new Promise((shown) => { window.mvIsShown = shown; setTimeout(shown, 20000); });

  // --- buttons of our HTML ------------------------------------------------------------------------------------------

  const copy = async (button) => {
    const text = button.dataset.mvCopy;
    try {
      await navigator.clipboard.writeText(text);
    } catch {  // a page that is not served from this machine, or not over https, has no clipboard
      const field = document.createElement("textarea");
      field.value = text;
      (button.closest("[popover]") ?? document.body).append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
    const said = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = said; }, 1500);
  };

  const turnTo = (name) =>
    [...document.querySelectorAll('[role="tab"]')].find((tab) => tab.textContent.trim() === name)?.click();

  // Hands what a button acts on to the hidden button of Gradio's that asks the server.
  const act = (button) => {
    let on = button.dataset.mvOn ?? "";
    if (button.dataset.mvSure && !window.confirm(button.dataset.mvSure)) return;
    if (button.dataset.mvPrompt) {
      const said = window.prompt(button.dataset.mvPrompt, button.dataset.mvNow ?? "");
      if (said === null) return;
      on = JSON.stringify([on, said]);
    }
    window.mvOn = on;
    document.getElementById("mv-do-" + button.dataset.mvDo)?.click();
    button.closest("[popover]")?.hidePopover();
    if (button.dataset.mvDo === "paper") {
      turnTo("Chat");
      setTimeout(() => $("#mv-question textarea")?.focus(), 200);
    }
  };

  // --- citations ----------------------------------------------------------------------------------------------------

  const openCard = () => $(".mv-card:popover-open");
  const markers = (within) => [...within.querySelectorAll(".mv-marker")];

  // From an open card to its neighbour in the same answer; else from marker to marker over the whole conversation.
  const step = (by) => {
    const card = openCard();
    if (card) {
      const cards = [...card.parentElement.querySelectorAll(":scope > .mv-card")];
      const next = cards[cards.indexOf(card) + by];
      if (!next) return;
      card.hidePopover();
      next.showPopover();
      $(`.mv-step[data-mv-step="${by}"]`, next)?.focus();
      return;
    }
    const all = markers(document);
    const next = all[all.indexOf(document.activeElement) + by] ?? all[by > 0 ? 0 : all.length - 1];
    next?.focus();
    next?.scrollIntoView({block: "nearest"});
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-mv-copy], [data-mv-do], [data-mv-step], [data-mv-tab]");
    if (!button) return;
    if (button.dataset.mvCopy) copy(button);
    else if (button.dataset.mvTab) turnTo(button.dataset.mvTab);
    else if (button.dataset.mvStep) step(Number(button.dataset.mvStep));
    else act(button);
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey) return;
    const stop = $("#mv-stop");
    if (event.key === "Escape" && !openCard() && stop && !stop.disabled) stop.click();
    else if (event.altKey && event.key === "ArrowRight") step(1);
    else if (event.altKey && event.key === "ArrowLeft") step(-1);
    else if (openCard() && !typing() && !event.altKey && event.key === "ArrowRight") step(1);
    else if (openCard() && !typing() && !event.altKey && event.key === "ArrowLeft") step(-1);
    else return;
    event.preventDefault();
  });

  // --- formulas -----------------------------------------------------------------------------------------------------

  // KaTeX as Gradio ships it, fetched from this server when the first formula is shown. What it cannot set stays text.
  let katex;
  const load = () => {
    katex ??= import(window.mvKatex[0]).then((module) => {
      const style = document.createElement("link");
      style.rel = "stylesheet";
      style.href = window.mvKatex[1];
      document.head.append(style);
      return module.default;
    });
    return katex;
  };
  const LIMITS = {throwOnError: true, trust: false, strict: "ignore", maxSize: 10, maxExpand: 200, output: "htmlAndMathml"};
  const set = async () => {
    const waiting = [...document.querySelectorAll(".mv-tex:not([data-set])")];
    if (!waiting.length || !window.mvKatex) return;
    waiting.forEach((place) => { place.dataset.set = ""; });
    const setter = await load();
    for (const place of waiting) {
      const tex = place.textContent;
      try {
        setter.render(place.dataset.tex, place, {...LIMITS, displayMode: place.dataset.display === "1"});
        place.title = tex;
      } catch { place.textContent = tex; }
    }
  };
  new MutationObserver(set).observe(document.documentElement, {childList: true, subtree: true});
})();
