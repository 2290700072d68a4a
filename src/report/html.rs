//! One self-contained HTML page per trial, and an index page per dataset.
//!
//! In: a `Story` or a `Summary`. Out: HTML with inline CSS, script and SVG that asks nothing of any
//! network. Light and dark follow the reader's system and a toggle. Colours are those of Okabe and
//! Ito ("Color Universal Design", 2008), chosen to be told apart by colour-blind readers. All text
//! is escaped: by the template engine in the template, by `svg::escape` in the drawings.

mod causes;
mod graph;
mod index;
mod metrics;
mod stages;
mod svg;
mod timeline;
mod tune;

pub use index::index;
pub(super) use svg::escape;
pub use tune::tune;

use minijinja::{AutoEscape, Environment, Value, context};

use super::format;
use super::story::{Case, Story, Tone, mode_label};
use super::terminal::said_of;
use super::write_text;
use crate::catalog::{self, Entry};

const STYLE: &str = include_str!("assets/report.css");
const SCRIPT: &str = include_str!("assets/report.js");

/// What the catalog says of it.
pub(super) const ENTRY: Entry<super::catalog::Build> = Entry {
    kind: "html",
    summary: "one page with story, metrics, causes, stages, call graph, audit and scorecard",
    help: "report.html needs no network: style, script and drawings are inside. It follows the \
           light or dark setting of the reader and can be printed.",
    source: "Okabe and Ito, Color Universal Design (2008), for the palette",
    example: "html",
    schema: catalog::schema_of::<()>,
    build: |material, dir| {
        let path = dir.join("report.html");
        write_text(&path, &page(material.story))?;
        Ok(vec![path])
    },
};

/// The page of one trial.
#[must_use]
pub fn page(story: &Story) -> String {
    let case = story.main_case();
    let graph = graph::draw(&story.graph);
    render(
        include_str!("assets/report.html"),
        context! {
            title => &story.title,
            headline => &story.headline.text,
            tone => story.headline.tone.class(),
            note => &story.headline.note,
            numbers => numbers(story),
            facts => &story.facts,
            mode => mode_label(story.mode),
            timeline => safe(timeline::draw(story)),
            entries => entries(story),
            outside => story.outside(),
            moments => metrics::moments(story),
            objective => story.charts.iter().any(|c| c.objective.is_some()),
            metrics => safe(metrics::draw(story)),
            tree => safe(case.and_then(|c| c.tree.as_ref()).map(|t| causes::draw(t, story.origin))
                .unwrap_or_default()),
            summary => case.map(|c| c.summary.clone()).unwrap_or_default(),
            hypotheses => case.map(hypotheses).unwrap_or_default(),
            rejected => case.map(rejected).unwrap_or_default(),
            actions => case.map(actions).unwrap_or_default(),
            stagebar => safe(case.map(stages::draw).unwrap_or_default()),
            stages => case.map(|c| stages::rows(c, story.origin)).unwrap_or_default(),
            others => others(story),
            graph => safe(graph),
            audit => audit(story),
            scores => scores(&story.scores),
            violations => violations(story),
            twins => story.twins.as_ref().map(twins),
        },
    )
}

fn twins(twins: &crate::campaign::Twins) -> Value {
    use super::twins as told;
    context! {
        sentence => told::sentence(twins),
        runs_head => told::RUNS,
        runs => told::runs(twins),
        actions_head => told::ACTIONS,
        actions => told::actions(twins),
        remarks => told::remarks(twins),
    }
}

/// Renders a template; the style and the script are always at hand.
fn render(template: &str, with: Value) -> String {
    let mut env = Environment::new();
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    env.add_template("macros", include_str!("assets/macros.html")).expect("the macros parse");
    env.add_template("page", template).expect("the template parses");
    let page = env.get_template("page").expect("it was added");
    let base = context! { style => safe(STYLE.to_owned()), script => safe(SCRIPT.to_owned()) };
    page.render(context! { ..with, ..base }).expect("all values of the template are given")
}

fn safe(markup: String) -> Value {
    Value::from_safe_string(markup)
}

fn numbers(story: &Story) -> Vec<Value> {
    let all = story.numbers.iter();
    all.map(|f| {
        let long = f.value.chars().count() > 11;
        context! { name => &f.name, value => &f.value, note => &f.note, long => long }
    })
    .collect()
}

fn entries(story: &Story) -> Vec<Value> {
    let all = story.entries.iter();
    all.map(|e| {
        context! {
            offset => format::offset(e.time, story.origin),
            clock => format::clock(e.time),
            lane => e.lane.label(),
            text => &e.text,
            tone => e.tone.class(),
        }
    })
    .collect()
}

fn hypotheses(case: &Case) -> Vec<Value> {
    let weights = case.worthy().take(5).flat_map(|h| &h.evidence).map(|e| e.weight.abs());
    let heaviest = weights.fold(1.0, f64::max);
    let shown = case.worthy().take(5);
    shown
        .map(|h| {
            let evidence = h.evidence.iter().take(6).map(|e| {
                context! {
                    method => &e.method,
                    text => &e.text,
                    weight => format!("{:+.2}", e.weight),
                    width => (e.weight.abs() / heaviest * 100.0).round(),
                    against => e.weight < 0.0,
                }
            });
            context! {
                entity => h.entity.as_str(),
                cause => format::words(h.cause.as_str()),
                confidence => format::percent(h.confidence.get()),
                width => (h.confidence.get() * 100.0).round(),
                evidence => evidence.collect::<Vec<_>>(),
            }
        })
        .collect()
}

fn rejected(case: &Case) -> Vec<Value> {
    let all = case.rejected.iter();
    all.map(|(verb, why)| context! { verb => format::words(verb.as_str()), why => why }).collect()
}

fn actions(case: &Case) -> Vec<Value> {
    let all = case.actions.iter();
    all.map(|doing| {
        let (verdict, outcome) = said_of(doing);
        let bad = matches!(doing.ruling, Some(crate::model::Ruling::Deny));
        context! {
            text => &doing.text,
            planned => format::clock(doing.planned),
            acted => doing.acted.map_or(format::ABSENT.to_owned(), format::clock),
            ended => doing.ended.map_or(format::ABSENT.to_owned(), format::clock),
            verdict => verdict,
            outcome => outcome,
            reason => &doing.reason,
            tone => if bad { "bad" } else { "plain" },
        }
    })
    .collect()
}

fn others(story: &Story) -> Vec<Value> {
    let rest = story.cases.iter().skip(1).take(20);
    rest.map(|case| {
        let top = case.top();
        context! {
            id => case.id.to_string(),
            opened => format::offset(case.opened, story.origin),
            signals => &case.signals,
            top => top.map_or(format::ABSENT.to_owned(), |h| {
                format!("{}: {}", h.entity, format::words(h.cause.as_str()))
            }),
            confidence => top.map_or(format::ABSENT.to_owned(), |h| {
                format::percent(h.confidence.get())
            }),
            actions => case.actions.iter().map(|d| d.text.clone()).collect::<Vec<_>>().join(", "),
        }
    })
    .collect()
}

fn audit(story: &Story) -> Vec<Value> {
    let all = story.audit.iter();
    all.map(|row| {
        context! {
            offset => format::offset(row.time, story.origin),
            clock => format::clock(row.time),
            who => &row.who,
            about => &row.about,
            ruling => &row.ruling,
            reason => &row.reason,
            tone => row.tone.class(),
        }
    })
    .collect()
}

fn scores(rows: &[super::scores::ScoreRow]) -> Vec<Value> {
    let shown = rows.iter().filter(|r| r.name != "violations");
    shown
        .map(|row| {
            context! {
                section => &row.section,
                name => row.label(),
                value => row.shown(),
                chance => row.by_chance(),
                n => row.cases(),
                interval => row.interval(),
                more => row.rest(),
            }
        })
        .collect()
}

fn violations(story: &Story) -> Vec<Value> {
    let all = story.violations.iter();
    all.map(|(kind, n)| context! { kind => format::words(kind), n => format::number(*n) }).collect()
}

/// CSS class of a tone for drawings.
const fn class(tone: Tone) -> &'static str {
    tone.class()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{fixture, summary::Summary};

    #[track_caller]
    fn check_closed(page: &str) {
        for reference in ["http://", "https://", "src=", "@import", "url(", "<link"] {
            assert!(!page.contains(reference), "{reference}");
        }
        assert!(page.starts_with("<!doctype html>"));
        assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
    }

    #[test]
    fn a_page_needs_no_network_and_shows_every_section() {
        let page = page(&fixture::leak().story());
        check_closed(&page);
        for id in ["story", "metrics", "causes", "stages", "graph", "audit", "scorecard"] {
            assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
        }
        assert!(page.contains("healed by rollback of api-server in 6m12s"));
    }

    #[test]
    fn names_from_outside_are_escaped_everywhere() {
        let page = page(&fixture::leak_of("<script>alert(1)</script>\"'").story());
        assert!(!page.contains("<script>alert"));
        assert!(page.contains("&lt;script&gt;alert"));
    }

    #[test]
    fn an_empty_trial_still_has_a_page() {
        let mut fixture = fixture::leak();
        fixture.journal = crate::model::Journal::default();
        fixture.truth = None;
        check_closed(&page(&fixture.story()));
    }

    #[test]
    fn an_index_lists_every_case() {
        let page = index(&Summary::read(&fixture::document()));
        check_closed(&page);
        assert!(page.contains("leak") && page.contains("control"));
    }
}
