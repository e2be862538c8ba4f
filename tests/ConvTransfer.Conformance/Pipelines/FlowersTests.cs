using ConvTransfer.Engine.Tensors;
using ConvTransfer.Imaging;
using ConvTransfer.MLNet;
using ConvTransfer.Onnx;
using ConvTransfer.Pipelines;
using ConvTransfer.Runtime;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Conformance.Pipelines;

/// <summary>The main job on photographs: SqueezeNet's features of 200 flowers, against ONNX Runtime's on the same pixels and folds.</summary>
public sealed class FlowersTests
{
    private const string Cut = "fire9/concat_1";
    private static readonly InputRecipe Recipe = InputRecipe.Caffe(size: 224, resize: 256);

    [SharedFact]
    public void FeaturesFiguresAndTheFileAreThoseOfOnnxRuntime()
    {
        string path = SharedMaterial.Path("models", "squeezenet", "model.onnx");
        var images = ImageDataset.FromFolder(SharedMaterial.Path("data", "flowers"));
        var pipeline = TransferPipeline.FromOnnx(path).Preprocess(Recipe).TruncateAt(Cut, Pooling.GlobalAverage).Classify().With(new PipelineOptions { Seed = 1, MaxBadShare = 0 });
        var ours = pipeline.Features(images);
        var theirs = OnnxRuntimeFeatures(path, images, ours.Width);
        Assert.Equal(200, ours.Count);
        for (int i = 0; i < ours.Count; i++)
        {
            float largest = 0;
            foreach (float e in theirs.Row(i)) largest = Math.Max(largest, Math.Abs(e));
            for (int k = 0; k < ours.Width; k++) Assert.InRange(Math.Abs(ours.Row(i)[k] - theirs.Row(i)[k]), 0, 1e-4f * largest);
        }

        var figures = pipeline.CrossValidate(ours, 5);
        Assert.InRange(figures.All.Accuracy, 0.75, 1);
        int correct = figures.All.Classes.Sum(c => c.Correct), expected = pipeline.CrossValidate(theirs, 5).All.Classes.Sum(c => c.Correct);
        Assert.InRange(correct - expected, -1, 1);

        using var fitted = pipeline.Fit(ours);
        string folder = Directory.CreateTempSubdirectory("convtransfer-flowers-").FullName;
        try
        {
            string file = Path.Combine(folder, "model.onnx"), again = Path.Combine(folder, "again.onnx");
            fitted.SaveOnnx(file, FiguresJson.Of(figures));
            using (var second = pipeline.Fit(pipeline.Features(images))) second.SaveOnnx(again, FiguresJson.Of(figures));
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(again));
            CheckFile(file, fitted);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // A picture of each class: the file in ONNX Runtime says what the pipeline says.
    private static void CheckFile(string file, FittedPipeline fitted)
    {
        using var yardstick = new Yardstick(File.ReadAllBytes(file));
        for (int i = 0; i < fitted.Training.Count; i += 40)
        {
            var prediction = fitted.Training.Predict(fitted.Head, i);
            using var picture = ImageReader.Read(fitted.Training.FileAt(i));
            using var image = picture.WithShape(new Shape([1, .. picture.Shape.Dims]));
            var outputs = yardstick.Run((OneFileModel.Input, image));
            using Tensor label = outputs[0], scores = outputs[1];
            Assert.Equal(prediction.Label, label.AsStrings()[0]);
            for (int c = 0; c < prediction.Scores.Count; c++) Assert.Equal(prediction.Scores[c], scores.AsSpan<float>()[c], 1e-4f);
        }
    }

    private static FeatureTable OnnxRuntimeFeatures(string path, ImageDataset images, int width)
    {
        var network = OnnxFile.Read(path).TruncateAt(Cut, Pooling.GlobalAverage);
        using var yardstick = new Yardstick(network);
        var preprocessor = new ImagePreprocessor(Recipe);
        using var pixels = new Tensor(ElementType.Float32, new Shape(1, 3, 224, 224));
        string input = network.Graph.RequiredInputs.Single().Name;
        var rows = new List<float[]>();
        foreach (var item in images.Items)
        {
            using var picture = ImageReader.Read(item.Path);
            preprocessor.Run(picture, pixels.AsSpan<float>());
            using var features = yardstick.Run((input, pixels))[0];
            rows.Add(features.AsSpan<float>().ToArray());
        }
        return new FeatureTable(images, width, rows);
    }
}
