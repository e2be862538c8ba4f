namespace ConvTransfer.Tests.Architecture;

/// <summary>What is public is a decision: each room's public members stand in a checked-in text.</summary>
public sealed class PublicApiTests
{
    public static TheoryData<string> RoomNames => Rooms.Names;

    [Theory]
    [MemberData(nameof(RoomNames))]
    public void PublicMembersAreThoseOfTheList(string name)
    {
        var room = Rooms.Named(name);
        Repository.CheckText($"tests/ConvTransfer.Tests/Architecture/PublicApi/{room.Project}.txt", PublicApi.Of(room.Assembly));
    }
}
