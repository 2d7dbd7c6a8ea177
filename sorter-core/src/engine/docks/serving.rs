//! What a chute serves, also as the journal keeps it.

use crate::container::ContainerKind;
use crate::ids::{ChuteId, LaneId};
use crate::plan::{AssignmentId, ChuteRole, Plan};

/// What a chute serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Serving {
    pub(super) assignment: AssignmentId,
    pub(super) role: ChuteRole,
    pub(super) bonded: bool,
    pub(super) kind: ContainerKind,
    pub(super) lane: Option<LaneId>,
}

/// The number of no lane.
const NO_LANE: u16 = u16::MAX;

const ROLES: [ChuteRole; 6] = [
    ChuteRole::Outbound,
    ChuteRole::Overflow,
    ChuteRole::Exception,
    ChuteRole::Hold,
    ChuteRole::NoRead,
    ChuteRole::Unused,
];
impl Serving {
    pub(super) fn of(plan: &Plan, chute: ChuteId) -> Self {
        let outlet = plan.outlet_of_chute(chute);
        let known = outlet.map(|outlet| plan.outlet(outlet));
        Self {
            assignment: plan.assignment_of(chute),
            role: known.map_or(ChuteRole::Unused, |outlet| outlet.role),
            bonded: known.is_some_and(|outlet| outlet.bonded),
            kind: known.map_or(ContainerKind::default(), |outlet| outlet.container),
            lane: outlet.and_then(|outlet| plan.lane_of(outlet)),
        }
    }

    /// In 64 bits, from the lowest: 32 of the plan version of the assignment, 8 of the role, 1 for bonded, 7 of the
    /// kind, 16 of the lane. The chute of the assignment is the chute itself.
    pub(super) fn packed(&self) -> u64 {
        let role = ROLES.iter().position(|role| *role == self.role).unwrap_or(ROLES.len());
        let kind =
            ContainerKind::ALL.iter().position(|kind| *kind == self.kind).unwrap_or(ContainerKind::ALL.len());
        let lane = self.lane.map_or(NO_LANE, LaneId::get);
        self.assignment.get() >> 16 & 0xFFFF_FFFF
            | (role as u64) << 32
            | u64::from(self.bonded) << 40
            | (kind as u64) << 41
            | u64::from(lane) << 48
    }

    /// What [`Serving::packed`] made, or `None` when no version made it.
    pub(super) fn from_packed(packed: u64, chute: ChuteId) -> Option<Self> {
        let lane = (packed >> 48) as u16;
        Some(Self {
            assignment: AssignmentId::new(packed & 0xFFFF_FFFF, chute),
            role: *ROLES.get((packed >> 32 & 0xFF) as usize)?,
            bonded: packed >> 40 & 1 == 1,
            kind: *ContainerKind::ALL.get((packed >> 41 & 0x7F) as usize)?,
            lane: (lane != NO_LANE).then_some(LaneId::new(lane)),
        })
    }
}

#[cfg(test)]
#[cfg(not(sorter_loom))]
mod tests {
    use super::*;

    #[test]
    fn what_a_chute_serves_comes_back_from_its_packed_form() {
        let chute = ChuteId::new(511);
        for (place, role) in ROLES.into_iter().enumerate() {
            let serving = Serving {
                assignment: AssignmentId::new(0xFFFF_FFF0 + place as u64, chute),
                role,
                bonded: place % 2 == 0,
                kind: ContainerKind::ALL[place % ContainerKind::ALL.len()],
                lane: (place % 3 > 0).then_some(LaneId::new(place as u16)),
            };
            assert_eq!(Serving::from_packed(serving.packed(), chute), Some(serving));
        }
        assert_eq!(Serving::from_packed(u64::MAX, chute), None);
    }
}
