"""Which sequences the three published OTB benchmarks hold, as names of folders.

Jogging and Skating2 hold two targets each: OTB2013 has 51 targets in 50 folders, TB-50 50 in 49,
OTB2015 100 in 98. (Lists of the benchmark's own toolkit: cvpr13.txt, tb_50.txt, tb_100.txt.)
"""

# ruff: noqa: SIM905 - fifty names in quotes are no easier to read.

from __future__ import annotations

OTB2013 = """
    Basketball Bolt Boy Car4 CarDark CarScale Coke Couple Crossing David David2 David3 Deer Dog1
    Doll Dudek FaceOcc1 FaceOcc2 Fish FleetFace Football Football1 Freeman1 Freeman3 Freeman4
    Girl Ironman Jogging Jumping Lemming Liquor Matrix Mhyang MotorRolling MountainBike Shaking
    Singer1 Singer2 Skating1 Skiing Soccer Subway Suv Sylvester Tiger1 Tiger2 Trellis Walking
    Walking2 Woman
""".split()

TB50 = """
    Basketball Biker Bird1 BlurBody BlurCar2 BlurFace BlurOwl Bolt Box Car1 Car4 CarDark
    CarScale ClifBar Couple Crowds David Deer Diving DragonBaby Dudek Football Freeman4 Girl
    Human3 Human4 Human6 Human9 Ironman Jump Jumping Liquor Matrix MotorRolling Panda RedTeam
    Shaking Singer2 Skating1 Skating2 Skiing Soccer Surfer Sylvester Tiger2 Trellis Walking
    Walking2 Woman
""".split()

OTB2015 = sorted(
    [
        *TB50,
        *"""
    Bird2 BlurCar1 BlurCar3 BlurCar4 Board Bolt2 Boy Car2 Car24 Coke Coupon Crossing Dancer
    Dancer2 David2 David3 Dog Dog1 Doll FaceOcc1 FaceOcc2 Fish FleetFace Football1 Freeman1
    Freeman3 Girl2 Gym Human2 Human5 Human7 Human8 Jogging KiteSurf Lemming Man Mhyang
    MountainBike Rubik Singer1 Skater Skater2 Subway Suv Tiger1 Toy Trans Twinnings Vase
""".split(),
    ]
)

_NAMES = {
    "otb2013": OTB2013, "cvpr13": OTB2013, "tb50": TB50, "otb50": TB50,
    "otb2015": OTB2015, "tb100": OTB2015, "otb100": OTB2015,
}  # fmt: skip


def named_list(name: object) -> list[str] | None:
    """The folders of "otb2013", "tb50" or "otb2015" (also TB-50, tb_100, ...); None for others."""
    folders = _NAMES.get(str(name).lower().replace("-", "").replace("_", ""))
    return None if folders is None else list(folders)
