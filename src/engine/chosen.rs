//! The series that somebody looks at, chosen when they first appear.
//!
//! In: the catalog of series, at every frame. Out: the chosen ones with what is worth knowing of
//! each, in id order. What a series is never changes, so the choice is made once: a frame of a
//! large fleet costs what is looked at, not what there is.

use crate::model::{SeriesCatalog, SeriesMeta};
use crate::unit::SeriesId;

/// See the file's head.
#[derive(Debug, Clone)]
pub(super) struct Chosen<T> {
    known: usize,
    series: Vec<(SeriesId, T)>,
}

impl<T> Default for Chosen<T> {
    fn default() -> Self {
        Self { known: 0, series: Vec::new() }
    }
}

impl<T> Chosen<T> {
    /// Looks at the series that came since the last call, and says which are chosen.
    pub(super) fn update(
        &mut self,
        catalog: &SeriesCatalog,
        choose: impl Fn(&SeriesMeta) -> Option<T>,
    ) -> &[(SeriesId, T)] {
        let news = catalog.iter().skip(self.known);
        self.series.extend(news.filter_map(|(id, meta)| Some((id, choose(meta)?))));
        self.known = catalog.len();
        &self.series
    }
}
