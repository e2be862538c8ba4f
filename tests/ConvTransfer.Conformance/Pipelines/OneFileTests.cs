using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Onnx;
using ConvTransfer.Pipelines;
using ConvTransfer.Runtime;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Conformance.Pipelines;

/// <summary>Law L11: an exported file under ONNX Runtime says what our run of it says, and what preprocessing, network and head say one after the other.</summary>
public sealed class OneFileTests
{
    public static TheoryData<string> Cases => SharedMaterial.IsPresent ? [.. ExportCase.All.Select(c => c.ToString())] : [];

    [SharedTheory]
    [MemberData(nameof(Cases))]
    public void AFileSaysTheSameUnderOnnxRuntime(string name)
    {
        var test = ExportCase.All.Single(c => c.ToString() == name);
        var truncated = test.Truncated();
        var type = ((TensorType)truncated.Graph.RequiredInputs.Single().Type!).ElementType;
        using var planner = new Planner(truncated);
        using var session = planner.CreateSession(1);
        Tensor[] pictures = [.. TestPictures.Sizes.Take(6).Select((s, i) => TestPictures.Make(s.H, s.W, i))];
        float[][] features = [.. pictures.Select(p => ExportCase.Features(test.Recipe, session, type, p))];
        var head = ExportCase.Head(features);

        var built = OneFileModel.Build(truncated, test.Recipe, head, [new(OneFileMetadata.Cut, "features")]);
        byte[] bytes = OnnxFile.ToBytes(built);
        Assert.All(OnnxFile.Read(bytes).Graph.Nodes, n => Assert.Equal("", n.CanonicalDomain));
        using var served = TransferModel.Load(OnnxFile.Read(bytes));
        using Yardstick optimised = new(bytes), plain = new(bytes, isOptimised: false);
        for (int i = 0; i < pictures.Length; i++)
        {
            using var batch = pictures[i].WithShape(new Shape([1, .. pictures[i].Shape.Dims]));
            Tensor[] fast = optimised.Run((OneFileModel.Input, batch)), slow = plain.Run((OneFileModel.Input, batch));
            float[] yardstick = slow[1].AsSpan<float>().ToArray(), other = fast[1].AsSpan<float>().ToArray(), pipeline = new float[yardstick.Length];
            head.Scores(features[i], pipeline);
            var ours = served.Predict(pictures[i]);
            // 16-bit floats round between the nodes there and not here.
            double tolerance = Math.Max(type == ElementType.Float16 ? 5e-3 : 1e-5, 4 * Largest(yardstick, other));
            string where = $"picture {pictures[i].Shape}";
            Assert.True(Largest([.. ours.Scores], yardstick) <= tolerance, $"{where}: {string.Join(" ", ours.Scores)}, ONNX Runtime {string.Join(" ", yardstick)}");
            Assert.True(Largest([.. ours.Scores], pipeline) <= OneFileExport.Tolerance, $"{where}: {string.Join(" ", ours.Scores)}, the pipeline {string.Join(" ", pipeline)}");
            float[] sorted = [.. yardstick.OrderDescending()];
            if (sorted[0] - sorted[1] > tolerance) Assert.Equal(slow[0].AsStrings()[0], ours.Label);
            foreach (var tensor in fast.Concat(slow)) tensor.Dispose();
        }
        foreach (var picture in pictures) picture.Dispose();
    }

    private static double Largest(float[] a, float[] b) => a.Zip(b).Max(p => Math.Abs((double)p.First - p.Second));
}
