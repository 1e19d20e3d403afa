// The PromQL editor: a bundle of its own, loaded when somebody writes an expression.
// It lives in a shadow root, where CodeMirror's styles are constructed sheets, which the
// content security policy allows.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { lintKeymap } from "@codemirror/lint";
import { EditorState, Prec } from "@codemirror/state";
import { EditorView, keymap, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { PromQLExtension } from "@prometheus-io/codemirror-promql";
import type { PrometheusClient } from "@prometheus-io/codemirror-promql/dist/esm/client/prometheus";

export interface EditorOptions {
  text: string;
  label: string;
  /** Called when the expression is to be evaluated. */
  run: (text: string) => void;
  client: PrometheusClient;
}

export interface Editor {
  set(text: string): void;
  focus(): void;
  close(): void;
}

const colours = HighlightStyle.define([
  { tag: tags.number, color: "var(--code-number)" },
  { tag: tags.string, color: "var(--code-string)" },
  { tag: tags.keyword, color: "var(--code-keyword)" },
  { tag: tags.function(tags.variableName), color: "var(--code-keyword)" },
  { tag: tags.labelName, color: "var(--code-label)" },
  { tag: tags.operator, color: "var(--ink)" },
  { tag: tags.comment, color: "var(--dim)" },
  { tag: tags.invalid, color: "var(--bad)" },
]);

const look = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--field)", border: "1px solid var(--edge)", borderRadius: "4px", fontSize: "13px" },
  "&.cm-focused": { outline: "2px solid var(--focus)", outlineOffset: "1px" },
  ".cm-content": { fontFamily: "ui-monospace, monospace", caretColor: "var(--ink)", padding: "5px 2px" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-placeholder": { color: "var(--dim)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground, ::selection": { backgroundColor: "var(--select) !important" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--select)" },
  ".cm-tooltip": { color: "var(--ink)", backgroundColor: "var(--paper)", border: "1px solid var(--edge)", zIndex: "30" },
  ".cm-tooltip-autocomplete > ul": { fontFamily: "ui-monospace, monospace", maxHeight: "18em" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { color: "var(--ink)", backgroundColor: "var(--select)" },
  ".cm-completionDetail": { color: "var(--dim)", marginLeft: "1em", fontStyle: "normal" },
  ".cm-completionInfo": { maxWidth: "26em", padding: "4px 8px" },
  // The marks of the package itself are pictures in the style sheet, which the policy forbids.
  ".cm-lintRange": { backgroundImage: "none !important", textDecoration: "underline wavy var(--bad)" },
  ".cm-diagnostic": { padding: "3px 8px" },
});

/** open shows an editor in an element. */
export function open(host: HTMLElement, options: EditorOptions): Editor {
  const root = host.attachShadow({ mode: "open" });
  const parent = document.createElement("div");
  root.append(parent);
  const language = new PromQLExtension().setComplete({ remote: options.client });
  const run = (view: EditorView): boolean => {
    options.run(view.state.doc.toString().trim());
    return true;
  };
  const view = new EditorView({
    root, parent,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        history(), bracketMatching(), closeBrackets(), autocompletion(), EditorView.lineWrapping, syntaxHighlighting(colours), look,
        placeholder("An expression, such as rate(disk_all_total[1m])"), language.asExtension(),
        EditorView.contentAttributes.of({ "aria-label": options.label }),
        Prec.high(keymap.of([{ key: "Shift-Enter", run: () => false }, { key: "Mod-Enter", run }])),
        // Enter evaluates; it first accepts a completion, whose keymap comes before.
        keymap.of([...closeBracketsKeymap, ...completionKeymap, { key: "Enter", run }, ...historyKeymap, ...lintKeymap, ...defaultKeymap]),
        EditorView.domEventHandlers({ blur: (_event, v) => void run(v) }),
      ],
    }),
  });
  return {
    set(text) {
      if (view.state.doc.toString() !== text) view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    },
    focus: () => view.focus(),
    close() {
      language.destroy();
      view.destroy();
    },
  };
}
