//! Which series tell how many requests an entity serves.
//!
//! In: the catalog of series. Out: for each entity the series of its own rates, totals before
//! parts: where an entity tells all its requests, those of single operations are in it and would
//! count twice; where it tells operations only, their sum is the total. What others see of it, and
//! it of others, is left out.

use std::collections::BTreeMap;

use crate::model::{Role, SeriesCatalog, SeriesMeta};
use crate::unit::{EntityId, SeriesId};

/// Series of own request rates by `owner`, among the first `width` and of those that `keep` wants.
pub(super) fn own_rates(
    series: &SeriesCatalog,
    width: usize,
    owner: impl Fn(EntityId) -> EntityId,
    keep: impl Fn(&SeriesMeta) -> bool,
) -> BTreeMap<EntityId, Vec<SeriesId>> {
    let own = |meta: &SeriesMeta| meta.role == Role::Traffic && !meta.is_view() && keep(meta);
    let (mut totals, mut parts) = (BTreeMap::new(), BTreeMap::new());
    for (id, meta) in series.iter().take(width).filter(|(_, meta)| own(meta)) {
        let of = if meta.route().is_none() { &mut totals } else { &mut parts };
        of.entry(owner(meta.entity)).or_insert_with(Vec::new).push(id);
    }
    for (entity, rates) in parts {
        totals.entry(entity).or_insert(rates);
    }
    totals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::names::{REQUEST_RATE, ROUTE};

    #[test]
    fn operations_count_only_where_nobody_tells_the_total() {
        let mut series = SeriesCatalog::default();
        let rate = |entity| SeriesMeta::gauge(EntityId(entity), REQUEST_RATE, "{request}/s");
        let mut add = |meta| series.add(meta).unwrap();
        let total = add(rate(0));
        add(rate(0).label(ROUTE, "browse"));
        add(rate(0).label("callee", "cart"));
        let parts = [add(rate(1).label(ROUTE, "a")), add(rate(1).label(ROUTE, "b"))];
        let found = own_rates(&series, series.len(), |entity| entity, |_| true);
        assert_eq!(found[&EntityId(0)], [total]);
        assert_eq!(found[&EntityId(1)], parts);
    }
}
