using System.Xml.Linq;

namespace ConvTransfer.Tests.Architecture;

/// <summary>Each room refers only to lower ones, and uses only the packages whose door it is.</summary>
public sealed class FloorTests
{
    public static TheoryData<string> RoomNames => Rooms.Names;

    [Fact]
    public void EveryProjectIsARoom()
    {
        var projects = Directory.EnumerateFiles(Repository.PathOf("src"), "*.csproj", SearchOption.AllDirectories).Select(f => Path.GetFileNameWithoutExtension(f));
        Assert.Equal(Rooms.All.Select(r => r.Project).Order(StringComparer.Ordinal), projects.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(RoomNames))]
    public void AProjectRefersOnlyToLowerRoomsAndItsOwnPackages(string name)
    {
        var room = Rooms.Named(name);
        var project = XDocument.Load(Repository.PathOf("src", room.Project, $"{room.Project}.csproj"));
        string[] rooms = [.. project.Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')))];
        Assert.Empty(rooms.Except(room.MayReferTo.Select(r => $"ConvTransfer.{r}")));
        Assert.Empty(project.Descendants("PackageReference").Select(r => r.Attribute("Include")!.Value).Except(room.Packages));
    }

    // What a project may not name itself still reaches its compiler through the rooms below.
    [Theory]
    [MemberData(nameof(RoomNames))]
    public void AnAssemblyRefersOnlyToLowerRoomsAndItsOwnPackages(string name)
    {
        var room = Rooms.Named(name);
        foreach (string reference in room.Assembly.GetReferencedAssemblies().Select(a => a.Name!))
        {
            bool allowed = reference.StartsWith("ConvTransfer.", StringComparison.Ordinal) ? room.MayReferTo.Contains(reference["ConvTransfer.".Length..])
                : IsBaseLibrary(reference) || room.Packages.Any(p => reference == p || reference.StartsWith(p + ".", StringComparison.Ordinal));
            Assert.True(allowed, $"{room.Project} refers to {reference}");
        }
    }

    // Part of .NET itself, and no package.
    private static bool IsBaseLibrary(string assembly) => File.Exists(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, assembly + ".dll"));

    [Fact]
    public void TheGraphSeesNothingOfTheEngineButTensors() =>
        Assert.Empty(EngineNamespaces("Graph").Except(["ConvTransfer.Engine.Tensors"]));

    [Fact]
    public void TheReaderAndWriterSeeNothingOfTheEngineButTensors() =>
        Assert.Empty(EngineNamespaces("Onnx").Except(["ConvTransfer.Engine.Tensors"]));

    private static IEnumerable<string> EngineNamespaces(string room) => Rooms.Named(room).Assembly.GetTypes()
        .SelectMany(t => TypeReferences.Of(t).Types).Where(t => t.Assembly == Rooms.Named("Engine").Assembly).Select(t => t.Namespace!).Distinct();
}
