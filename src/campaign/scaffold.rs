//! `windtunnel scaffold`: a recorded incident becomes a scenario on a mock fleet.
//!
//! ```text
//! case --levels--> what is normal, what deviated and when --incident--> stretch, root, cause
//!      --fleet, fault, story--> Sketch --text--> YAML --try out--> expectations that hold
//! ```
//!
//! In: a case of a dataset. Out: a sketch: services, calls, load and times as recorded before the
//! incident, a fault of the labelled cause (or, without labels, of the kind that fits best) as
//! strong as it was measured, and the timeline as comments. Labels decide on the fault and on the
//! suggested expectations only, which the referee reads and no engine does. Known limit: a sketch
//! is not the system: what was not measured has the mock fleet's usual values, and says so.

mod fault;
mod fleet;
mod incident;
mod levels;
mod story;
mod text;
mod tryout;

use std::path::Path;

use crate::model::{Cause, EntityKind, Event};
use crate::timeline::{CaseReader, TimelineError};
use crate::unit::{EntityId, SimDuration, SimTime, Window};

pub use fault::FaultSketch;
pub use fleet::FleetSketch;
pub use incident::Incident;
pub use story::Moment;
pub use tryout::{Suggestion, try_out};

/// Least time of quiet before the incident, so that an engine learns what is normal.
const LEAD: SimDuration = SimDuration::from_secs(20 * 60);
/// As many scrapes of quiet at least.
const LEAD_SCRAPES: i64 = 40;
/// Longest stretch of the incident that is played.
const LONGEST: SimDuration = SimDuration::from_secs(60 * 60);
/// What follows it.
const TAIL: SimDuration = SimDuration::from_secs(20 * 60);
/// Longest time between scrapes that a sketch keeps: a closed loop is not watched in steps of
/// many minutes.
const SLOWEST: SimDuration = SimDuration::from_secs(60);

/// What is to be sketched.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The folder of the case.
    pub case: &'a Path,
    /// Its dataset and its own name, for the comments.
    pub dataset: &'a str,
    /// Name of the case.
    pub name: &'a str,
    /// Scrape interval of the dataset.
    pub interval: SimDuration,
    /// When the incident began, for whoever knows better than labels and telemetry.
    pub onset: Option<SimTime>,
}

/// A scenario in the making.
#[derive(Debug, Clone)]
pub struct Sketch {
    /// Dataset and case.
    pub origin: String,
    /// First instant.
    pub start: SimTime,
    /// How long it runs.
    pub duration: SimDuration,
    /// Time between scrapes, and that of the recording.
    pub scrape: (SimDuration, SimDuration),
    /// The services and what users ask.
    pub fleet: FleetSketch,
    /// What went wrong, as far as it is known.
    pub incidents: Vec<Incident>,
    /// What is injected.
    pub faults: Vec<FaultSketch>,
    /// What was seen when.
    pub story: Vec<Moment>,
    /// Whether the case has labels.
    pub labelled: bool,
}

/// Why a case cannot be sketched.
#[derive(Debug, thiserror::Error)]
pub enum ScaffoldError {
    /// It cannot be read.
    #[error(transparent)]
    Timeline(#[from] TimelineError),
    /// It cannot be used.
    #[error("{0}")]
    Unfit(String),
}

/// Sketches a case.
///
/// # Errors
/// If it cannot be read, has no service, or does not tell what is normal.
pub fn sketch(request: &Request<'_>) -> Result<Sketch, Vec<ScaffoldError>> {
    let all = |errors: Vec<TimelineError>| {
        errors.into_iter().map(ScaffoldError::from).collect::<Vec<_>>()
    };
    let case = CaseReader::open(request.case, request.interval).map_err(all)?;
    draw(&case, request).map_err(|error| vec![error])
}

fn draw(case: &CaseReader, request: &Request<'_>) -> Result<Sketch, ScaffoldError> {
    let events: Vec<Event> = case.events()?.collect::<Result<_, _>>()?;
    let tracks = levels::read(case)?;
    let found = incident::find(case, &tracks, request.onset)?;
    let levels = levels::compare(&tracks, &found.normal, &found.during);
    let calls = fleet::calls(case)?;
    let incidents = incident::name(found.clone(), case, &levels, &events);
    let scrape = request.interval.min(SLOWEST);
    let lead = LEAD.max(SimDuration::from_nanos(scrape.nanos() * LEAD_SCRAPES));
    let (start, duration) = stretch(case.window(), &incidents, lead);
    let unfit = || ScaffoldError::Unfit("the recording has no service to make a fleet of".into());
    let mut fleet = fleet::sketch(case, &calls, &levels, &events).ok_or_else(unfit)?;
    let window = Window { start, end: start + duration };
    let faults = fault::sketch(&fault::Scene {
        incidents: &incidents,
        levels: &levels,
        events: &events,
        map: case.topology(),
        fleet: &fleet,
        window,
    });
    for (root, cause) in faults.iter().filter_map(|fault| fault.blames.as_ref()) {
        if *cause == Cause::CertificateExpiry {
            fleet::with_certificate(&mut fleet.spec, root);
        }
    }
    let story = story::tell(&levels, &events, &incidents, case, window);
    Ok(Sketch {
        origin: format!("{}, case {}", request.dataset, request.name),
        start,
        duration,
        scrape: (scrape, request.interval),
        fleet,
        incidents,
        faults,
        story,
        labelled: case.truth().is_some(),
    })
}

/// From some quiet before the first incident to some quiet after the last.
fn stretch(recorded: Window, incidents: &[Incident], lead: SimDuration) -> (SimTime, SimDuration) {
    let whole = |time: SimTime| SimTime::from_secs(time.nanos().div_euclid(1_000_000_000));
    let first = incidents.iter().map(|incident| incident.window.start).min();
    let Some(first) = first else {
        return (whole(recorded.start), minutes(recorded.length().min(LONGEST).max(lead)));
    };
    let start = whole(first - lead);
    let ends = incidents.iter().map(|incident| incident.window.end).max().unwrap_or(first);
    let played = ends.since(first).min(LONGEST);
    (start, minutes(lead + played + TAIL))
}

/// Rounded up to whole minutes.
fn minutes(duration: SimDuration) -> SimDuration {
    SimDuration::from_secs((duration.secs_f64() / 60.0).ceil() as i64 * 60)
}

/// The service that an entity belongs to, if it takes requests.
fn serving(case: &CaseReader, id: EntityId) -> Option<EntityId> {
    let map = case.topology();
    let service = map.service_of(id);
    matches!(map.get(service).kind, EntityKind::Service | EntityKind::External).then_some(service)
}

#[cfg(test)]
mod tests;
