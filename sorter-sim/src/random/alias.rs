//! Drawing by weight in constant time.

use thiserror::Error;

use super::Draws;

/// A table that draws an index with a probability proportional to its weight, in constant time.
///
/// The alias method (Walker 1977) with the linear construction of Vose (1991), in integers: with n
/// weights of sum W, each of n columns has W cells; a column gives `threshold` cells to its own index and
/// the others to one alias. The cells of an index over all columns are exactly n times its weight.
/// Eight bytes an index; one draw takes one 64-bit word and touches one entry.
///
/// ```
/// use sorter_sim::random::{AliasTable, Draws, Stream};
/// let table = AliasTable::new(&[3, 0, 1])?;
/// let drawn = table.draw(&mut Draws::new(1, Stream::Destination, 0));
/// assert!(drawn == 0 || drawn == 2);
/// # Ok::<(), sorter_sim::random::AliasError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AliasTable {
    columns: Vec<Column>,
    /// The sum of the weights: the cells of one column.
    total: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Column {
    /// Cells of the column that belong to its own index.
    threshold: u32,
    /// The index that the other cells belong to.
    alias: u32,
}

/// Why weights do not make an [`AliasTable`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AliasError {
    /// All weights are 0, or there are none.
    #[error("{count} weights sum to 0, so there is nothing to draw")]
    Empty {
        /// How many weights there are.
        count: usize,
    },
    /// The sum, or the number of weights, is beyond 32 bits.
    #[error("{count} weights sum to {total}, above the limit of 4294967295 for either")]
    TooHeavy {
        /// How many weights there are.
        count: usize,
        /// Their sum.
        total: u64,
    },
}

impl AliasTable {
    /// Builds the table; the same weights always make the same table.
    ///
    /// # Errors
    /// When the weights sum to 0, or they or their number exceed 32 bits.
    pub fn new(weights: &[u32]) -> Result<Self, AliasError> {
        let sum: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
        let too_heavy = AliasError::TooHeavy { count: weights.len(), total: sum };
        let count = u32::try_from(weights.len()).map_err(|_| too_heavy.clone())?;
        let total = u32::try_from(sum).map_err(|_| too_heavy)?;
        if total == 0 {
            return Err(AliasError::Empty { count: weights.len() });
        }
        let mut left: Vec<u64> = weights.iter().map(|weight| u64::from(*weight) * u64::from(count)).collect();
        let mut columns = vec![Column { threshold: total, alias: 0 }; weights.len()];
        // What is left of the sum is always total x (open columns), so as long as a column is short of
        // cells another has too many; both lists run out together.
        let (mut short, mut rich): (Vec<u32>, Vec<u32>) =
            (0..count).rev().partition(|index| left[*index as usize] < sum);
        while let (Some(poor), Some(donor)) = (short.pop(), rich.last().copied()) {
            let cells = left[poor as usize];
            columns[poor as usize] = Column {
                threshold: u32::try_from(cells).expect("a short column is below the total"),
                alias: donor,
            };
            left[donor as usize] -= sum - cells;
            if left[donor as usize] < sum {
                rich.pop();
                short.push(donor);
            }
        }
        Ok(Self { columns, total })
    }

    /// How many indices there are, those of weight 0 included.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Never true: a table has at least one weight.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// An index, by weight. Takes one word.
    ///
    /// The word picks one of n x W cells by multiplication, so the probability of an index is within
    /// (n + 1) x 2^-64 of its share.
    pub fn draw(&self, draws: &mut Draws) -> u32 {
        let product = u128::from(draws.next_u64()) * self.columns.len() as u128;
        let column = u32::try_from(product >> 64).expect("the high half is below the number of columns");
        let fraction = product & u128::from(u64::MAX);
        let cell = u32::try_from((fraction * u128::from(self.total)) >> 64).expect("below the total");
        self.owner(column, cell)
    }

    /// To whom a cell of a column belongs.
    fn owner(&self, column: u32, cell: u32) -> u32 {
        let Column { threshold, alias } = self.columns[column as usize];
        if cell < threshold { column } else { alias }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Stream;
    use super::*;

    proptest! {
        #[test]
        fn cells_of_each_index_are_exactly_its_weight(
            weights in prop::collection::vec(prop_oneof![Just(0), 1..20_u32, 1..4_000_000_u32], 1..200)
        ) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let table = AliasTable::new(&weights).unwrap();
            let mut cells = vec![0_u64; weights.len()];
            for (index, column) in table.columns.iter().enumerate() {
                prop_assert!(column.threshold <= table.total);
                cells[index] += u64::from(column.threshold);
                cells[column.alias as usize] += u64::from(table.total - column.threshold);
            }
            let expected: Vec<u64> =
                weights.iter().map(|weight| u64::from(*weight) * weights.len() as u64).collect();
            prop_assert_eq!(cells, expected);
        }
    }

    #[test]
    fn draws_follow_the_weights() {
        let weights = [1, 0, 2, 5, 92];
        let table = AliasTable::new(&weights).unwrap();
        let mut counts = [0_u32; 5];
        for index in 0..100_000 {
            counts[table.draw(&mut Draws::new(1, Stream::Destination, index)) as usize] += 1;
        }
        assert_eq!(counts[1], 0);
        for (count, weight) in counts.iter().zip(weights) {
            let share = f64::from(weight) / 100.0;
            let deviation = (100_000.0 * share * (1.0 - share)).sqrt();
            assert!((f64::from(*count) - 100_000.0 * share).abs() <= 5.0 * deviation, "{counts:?}");
        }
    }

    #[test]
    fn a_single_weight_is_always_drawn() {
        let table = AliasTable::new(&[7]).unwrap();
        assert_eq!(table.draw(&mut Draws::new(1, Stream::Destination, 0)), 0);
        assert_eq!((table.len(), table.is_empty()), (1, false));
    }

    #[test]
    fn refuses_weights_that_draw_nothing_or_overflow() {
        assert_eq!(AliasTable::new(&[]), Err(AliasError::Empty { count: 0 }));
        assert_eq!(AliasTable::new(&[0, 0]), Err(AliasError::Empty { count: 2 }));
        assert!(matches!(AliasTable::new(&[u32::MAX, 1]), Err(AliasError::TooHeavy { count: 2, .. })));
    }
}
