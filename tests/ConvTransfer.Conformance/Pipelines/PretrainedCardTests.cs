using ConvTransfer.Engine.Tensors;
using ConvTransfer.Imaging;
using ConvTransfer.MLNet;
using ConvTransfer.Pipelines;
using ConvTransfer.Runtime;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Conformance.Pipelines;

/// <summary>The figures on the card of the built-in network.</summary>
public sealed class PretrainedCardTests
{
    private const int Tile = 64;

    [SharedFact]
    public void ItKnowsTheValidationPicturesAsItsCardSays()
    {
        string folder = SharedMaterial.Path("data", "tiny-imagenet");
        using var planner = new Planner(PretrainedNetwork.Load());
        using var session = planner.CreateSession();
        var preprocessor = new ImagePreprocessor(InputRecipe.Torchvision(size: Tile, resize: Tile));
        using var tile = new Tensor(ElementType.UInt8, new Shape(Tile, Tile, 3));
        using var input = new Tensor(ElementType.Float32, new Shape(1, 3, Tile, Tile));
        int right = 0, all = 0;
        foreach (string[] line in File.ReadLines(Path.Combine(folder, "labels.txt")).Select(l => l.Split('\t')).Where(l => l[0].StartsWith("val-", StringComparison.Ordinal)))
        {
            int[] labels = [.. line[1].Split(' ').Select(int.Parse)];
            using var sheet = ImageReader.Read(Path.Combine(folder, line[0]));
            int width = (int)sheet.Shape[1], columns = width / Tile;
            for (int i = 0; i < labels.Length; i++, all++)
            {
                for (int y = 0; y < Tile; y++) sheet.AsSpan<byte>().Slice(((((i / columns * Tile) + y) * width) + (i % columns * Tile)) * 3, Tile * 3).CopyTo(tile.AsSpan<byte>()[(y * Tile * 3)..]);
                preprocessor.Run(tile, input.AsSpan<float>());
                using var logits = session.Run(input)[0];
                float[] values = logits.AsSpan<float>().ToArray();
                right += Array.IndexOf(values, values.Max()) == labels[i] ? 1 : 0;
            }
        }
        Assert.Equal(2000, all);
        // Other vectors move a picture or two.
        Assert.InRange(right, 844, 852);
    }

    [SharedFact]
    public void ItsFeaturesTellFlowersApartAsItsCardSays()
    {
        var pipeline = TransferPipeline.FromPretrained().WithoutHead().Classify().With(new PipelineOptions { Seed = 1 });
        var features = pipeline.Features(ImageDataset.FromFolder(SharedMaterial.Path("data", "flowers")));
        Assert.Equal(320, features.Width);
        Assert.InRange(pipeline.CrossValidate(features, 5).All.Accuracy, 0.735, 0.745);
    }
}
