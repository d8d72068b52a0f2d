var KPI = KPI || {};

/** A content type of H5P: a question with one answer, which is right or wrong. */
KPI.Guess = class extends H5P.EventDispatcher {
  constructor(parameters, contentId) {
    super();
    this.parameters = parameters;
    this.contentId = contentId;
  }

  attach($container) {
    const form = document.createElement("form");
    const label = document.createElement("label");
    const answer = document.createElement("input");
    const button = document.createElement("button");
    label.append(this.parameters.question, answer);
    button.textContent = "Check";
    form.append(label, button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.check(answer.value);
    });
    $container.get(0).append(form);
    this.setActivityStarted();
  }

  check(response) {
    const isRight = response === this.parameters.answer;
    const event = this.createXAPIEventTemplate("answered");
    event.setScoredResult(isRight ? 1 : 0, 1, this, true, isRight);
    event.data.statement.result.response = response;
    this.trigger(event);
  }
};
