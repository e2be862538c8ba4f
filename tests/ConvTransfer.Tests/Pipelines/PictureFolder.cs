using ConvTransfer.Cli.Demo;
using ConvTransfer.Imaging;

namespace ConvTransfer.Tests.Pipelines;

/// <summary>A folder of drawn pictures that goes when the test ends.</summary>
internal sealed class PictureFolder : IDisposable
{
    /// <summary>Draws pictures: as many of each class.</summary>
    public PictureFolder(int perClass, int classes = 4, long seed = 5)
    {
        for (int i = 0; i < perClass * classes; i++)
        {
            string name = ShapePictures.Classes[i % classes];
            Directory.CreateDirectory(System.IO.Path.Combine(Path, name));
            using var picture = ShapePictures.Draw(seed, i, i % classes);
            File.WriteAllBytes(System.IO.Path.Combine(Path, name, $"{i:000}.png"), PngWriter.Encode(picture));
        }
    }

    /// <summary>The folder.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("convtransfer-pictures-").FullName;

    /// <summary>The pictures.</summary>
    public ImageDataset Images => ImageDataset.FromFolder(Path);

    /// <summary>Writes a file that is no picture.</summary>
    public string Spoil(string label, string name)
    {
        string file = System.IO.Path.Combine(Path, label, name);
        File.WriteAllText(file, "no picture");
        return file;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
