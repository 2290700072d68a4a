//! Operations by number.
//!
//! In: an entity and the name of an operation. Out: the name's number, the same for all entities.
//! Bounded by `MOST`: further names count as one.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::by_entity::ByEntity;
use crate::unit::EntityId;

/// Operations told apart.
const MOST: usize = 8192;

/// See the file's head.
#[derive(Debug, Default)]
pub(super) struct Operations {
    names: Vec<Arc<str>>,
    numbers: BTreeMap<Arc<str>, u32>,
    /// The same of single entities: few are found faster.
    known: ByEntity<Arc<str>, u32>,
}

impl Operations {
    /// The number of a name.
    pub(super) fn number(&mut self, entity: EntityId, name: &Arc<str>) -> u32 {
        if let Some(number) = self.known.named_mut(entity, name) {
            return *number;
        }
        let number = self.number_of(name);
        if self.known.len() < MOST {
            self.known.insert(entity, Arc::clone(name), number);
        }
        number
    }

    /// The name of a number.
    pub(super) fn name(&self, number: u32) -> &str {
        self.names.get(number as usize).map_or("?", |name| name)
    }

    fn number_of(&mut self, name: &Arc<str>) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        if self.names.len() >= MOST {
            return MOST as u32;
        }
        let number = self.names.len() as u32;
        self.names.push(Arc::clone(name));
        self.numbers.insert(Arc::clone(name), number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_number_whoever_bears_it() {
        let mut operations = Operations::default();
        let mut number = |entity, name: &str| operations.number(EntityId(entity), &Arc::from(name));
        assert_eq!([number(1, "get"), number(1, "put"), number(2, "get")], [0, 1, 0]);
        assert_eq!([number(1, "get"), number(2, "put")], [0, 1]);
        assert_eq!([operations.name(1), operations.name(7)], ["put", "?"]);
    }
}
