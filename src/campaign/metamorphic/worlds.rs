//! Worlds that hand the same telemetry over in another form.
//!
//! `Permuted` turns the order of the series known at the start around; series that come later keep
//! their place behind them. `Doubled` hands every scrape over a second time, at the same instant.

use crate::model::{Batch, Frame, SeriesCatalog};
use crate::unit::SimTime;
use crate::world::layer::Layer;
use crate::world::{World, WorldError};

/// Series in another order.
pub(super) struct Permuted {
    world: Box<dyn World>,
    /// Place in the world's frame of each series here.
    places: Vec<usize>,
    series: SeriesCatalog,
    values: Vec<f64>,
}

impl Permuted {
    pub(super) fn new(world: Box<dyn World>) -> Self {
        let places: Vec<usize> = (0..world.series().len()).rev().collect();
        let all: Vec<_> = world.series().iter().map(|(_, meta)| meta.clone()).collect();
        let mut series = SeriesCatalog::default();
        for place in &places {
            series.add(all[*place].clone()).expect("the same series, once each");
        }
        Self { world, places, series, values: Vec::new() }
    }

    fn grow(&mut self) {
        for (id, meta) in self.world.series().iter().skip(self.places.len()) {
            self.places.push(id.index());
            self.series.add(meta.clone()).expect("the same series, once each");
        }
    }
}

impl Layer for Permuted {
    fn inner(&self) -> &dyn World {
        &*self.world
    }

    fn inner_mut(&mut self) -> &mut dyn World {
        &mut *self.world
    }

    fn series(&self) -> &SeriesCatalog {
        &self.series
    }

    fn advance(&mut self, to: SimTime, batch: &mut Batch) -> Result<(), WorldError> {
        self.world.advance(to, batch)?;
        self.grow();
        if batch.has_frame {
            let old = &batch.frame.values;
            self.values.clear();
            let value = |place: &usize| old.get(*place).copied().unwrap_or(f64::NAN);
            self.values.extend(self.places.iter().map(value));
            std::mem::swap(&mut self.values, &mut batch.frame.values);
        }
        Ok(())
    }
}

/// Every scrape twice.
pub(super) struct Doubled {
    world: Box<dyn World>,
    again: Option<Frame>,
}

impl Doubled {
    pub(super) fn new(world: Box<dyn World>) -> Self {
        Self { world, again: None }
    }
}

impl Layer for Doubled {
    fn inner(&self) -> &dyn World {
        &*self.world
    }

    fn inner_mut(&mut self) -> &mut dyn World {
        &mut *self.world
    }

    fn next(&mut self) -> Option<SimTime> {
        let next = self.world.next();
        match &self.again {
            Some(frame) => Some(next.map_or(frame.time, |next| next.min(frame.time))),
            None => next,
        }
    }

    fn advance(&mut self, to: SimTime, batch: &mut Batch) -> Result<(), WorldError> {
        if let Some(frame) = self.again.take() {
            batch.frame = frame;
            batch.has_frame = true;
            return Ok(());
        }
        self.world.advance(to, batch)?;
        if batch.has_frame {
            self.again = Some(Frame { time: to, values: batch.frame.values.clone() });
        }
        Ok(())
    }
}
