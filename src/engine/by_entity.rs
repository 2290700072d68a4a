//! Values by entity and something within it: a few of each entity, looked up for every record.
//!
//! In: an entity and a key. Out: the value kept for the two. An entity's number leads to its keys,
//! which stand in order beside each other: of the few that one entity has, the right one is found
//! in a line or two of memory. Walked through in the order of entities, then keys.

use std::borrow::Borrow;
use std::sync::Arc;

use crate::unit::EntityId;

/// See the file's head.
#[derive(Debug, Clone)]
pub(super) struct ByEntity<K, V> {
    rows: Vec<Row<K, V>>,
    len: usize,
}

#[derive(Debug, Clone)]
struct Row<K, V> {
    keys: Vec<K>,
    values: Vec<V>,
}

impl<K, V> Default for ByEntity<K, V> {
    fn default() -> Self {
        Self { rows: Vec::new(), len: 0 }
    }
}

impl<K: Ord, V> ByEntity<K, V> {
    /// The value of an entity and a key, if there is one.
    pub(super) fn get_mut<Q: Ord + ?Sized>(&mut self, entity: EntityId, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let Row { keys, values } = self.rows.get_mut(entity.index())?;
        let at = keys.binary_search_by(|known| known.borrow().cmp(key)).ok()?;
        Some(&mut values[at])
    }

    /// Sets the value of an entity and a key.
    pub(super) fn insert(&mut self, entity: EntityId, key: K, value: V) -> &mut V {
        if self.rows.len() <= entity.index() {
            self.rows
                .resize_with(entity.index() + 1, || Row { keys: Vec::new(), values: Vec::new() });
        }
        let Row { keys, values } = &mut self.rows[entity.index()];
        let at = match keys.binary_search(&key) {
            Ok(at) => {
                values[at] = value;
                at
            }
            Err(at) => {
                keys.insert(at, key);
                values.insert(at, value);
                self.len += 1;
                at
            }
        };
        &mut values[at]
    }

    /// How many values there are.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// All values, by entity and key.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (EntityId, &K, &mut V)> {
        self.rows.iter_mut().enumerate().flat_map(|(entity, Row { keys, values })| {
            keys.iter().zip(values).map(move |(key, value)| (EntityId(entity as u32), key, value))
        })
    }
}

/// Keys of a row among which one is first looked for by where it lies.
const FEW: usize = 16;

impl<V> ByEntity<Arc<str>, V> {
    /// As `get_mut`. Whoever tells of an entity mostly hands over the very name that is the key:
    /// then nobody has to read it.
    pub(super) fn named_mut(&mut self, entity: EntityId, name: &Arc<str>) -> Option<&mut V> {
        let Row { keys, values } = self.rows.get_mut(entity.index())?;
        let few = &keys[..keys.len().min(FEW)];
        let at = match few.iter().position(|key| Arc::ptr_eq(key, name)) {
            Some(at) => at,
            None => keys.binary_search(name).ok()?,
        };
        Some(&mut values[at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_counted_and_walked_through_in_order() {
        let mut kept = ByEntity::default();
        let all = [(3, "b"), (0, "z"), (3, "a"), (3, "b"), (1, "m")];
        for (value, (entity, key)) in all.into_iter().enumerate() {
            kept.insert(EntityId(entity), key.to_owned(), value);
        }
        assert_eq!(kept.len(), 4);
        assert_eq!(kept.get_mut(EntityId(3), "b"), Some(&mut 3), "the later one");
        assert_eq!(kept.get_mut(EntityId(2), "b"), None);
        assert_eq!(kept.get_mut(EntityId(9), "b"), None);
        let walked: Vec<usize> = kept.iter_mut().map(|(_, _, value)| *value).collect();
        assert_eq!(walked, [1, 4, 2, 3]);
    }

    #[test]
    fn a_name_is_found_by_its_place_or_by_its_letters() {
        let (mut kept, same) = (ByEntity::default(), Arc::from("b"));
        for (value, name) in [Arc::from("a"), Arc::clone(&same), Arc::from("c")].iter().enumerate()
        {
            kept.insert(EntityId(1), Arc::clone(name), value);
        }
        assert_eq!(kept.named_mut(EntityId(1), &same), Some(&mut 1));
        assert_eq!(kept.named_mut(EntityId(1), &Arc::from("c")), Some(&mut 2));
        assert_eq!(kept.named_mut(EntityId(1), &Arc::from("d")), None);
        assert_eq!(kept.named_mut(EntityId(2), &same), None);
    }
}
