using System.Globalization;
using ConvTransfer.Cli.Demo;
using ConvTransfer.Core;
using ConvTransfer.Imaging;
using ConvTransfer.Pipelines;
using ConvTransfer.Tests.Common;
using ConvTransfer.Training;
using static ConvTransfer.Tests.Pipelines.SmallFineTuning;

namespace ConvTransfer.Tests.Pipelines;

/// <summary>What a fine-tuning meets: held-out pictures, cancellation, other calls, other pictures, other cultures. Rows T13, T15 and T26 of the catalogue of faults.</summary>
public sealed class FineTuneSurroundingsTests : IDisposable
{
    private readonly PictureFolder _pictures = new(perClass: 8, classes: 2);
    private readonly string _folder = Directory.CreateTempSubdirectory("convtransfer-finetune-").FullName;

    public void Dispose()
    {
        _pictures.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void HeldOutPicturesEndATrainingEarlyWithTheBestWeights()
    {
        var split = _pictures.Images.Split(0.25, seed: 1);
        using var model = Pipeline(new FineTuneOptions { Epochs = 60, BatchSize = 6, Patience = 2, HeadRate = 0.5 }).Fit(split.Train, split.Test);
        Assert.Equal(TrainingEnd.StoppedEarly, model.Training.End);
        Assert.True(model.Training.Epochs.Count < 60);
        double best = model.Training.Epochs.Min(e => e.HeldOutLoss!.Value);
        Assert.Equal(best, model.Evaluate(split.Test).LogLoss, 4);
    }

    // One bad picture of seventeen is within the share that is allowed, and beyond it in whatever part it would fall into.
    [Fact]
    public void ABadPictureIsLeftOutBeforeThereAreParts()
    {
        _pictures.Spoil("circle", "zzz.png");
        var pipeline = Pipeline(new FineTuneOptions { Epochs = 1, BatchSize = 4 }, options: PipelineOptions.Default with { Seed = 3, MaxBadShare = 0.07 });
        Assert.Equal(8, pipeline.HoldOut(_pictures.Images, 0.5).Images);
        Assert.Equal(16, pipeline.CrossValidate(_pictures.Images, 4).Folds.Sum(f => f.Images));
    }

    [Fact]
    public void BadHeldOutPicturesAreLeftOutBeforeTheTraining()
    {
        var split = _pictures.Images.Split(0.5, seed: 1);
        File.WriteAllText(split.Test.Items[^1].Path, "no picture");
        var log = new ListLogger();
        var how = new FineTuneOptions { Epochs = 2, BatchSize = 4 };
        var options = PipelineOptions.Default with { Seed = 3, Logger = log };
        Assert.Contains("1 of 8 pictures cannot be used", Assert.Throws<ConvTransferException>(() => Pipeline(how).Fit(split.Train, split.Test)).Message, StringComparison.Ordinal);
        using var model = Pipeline(how, options: options with { MaxBadShare = 0.2 }).Fit(split.Train, split.Test);
        Assert.NotNull(model.Training.Epochs[^1].HeldOutLoss);
        Assert.Contains(log.Lines, line => line.Contains(split.Test.Items[^1].Path, StringComparison.Ordinal));
    }

    [Fact]
    public void HeldOutPicturesOfOtherClassesAreRefused()
    {
        var others = new ImageDataset(["zebra"], _pictures.Images.Items.Select(i => i with { Label = 0 }));
        Assert.Contains("theirs are 'zebra'", Assert.Throws<ConvTransferException>(() => Pipeline().Fit(_pictures.Images, others)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OneCallAtATimeHasTheFolderOfCheckpoints()
    {
        var checkpoints = new FineTuneCheckpoints(Path.Combine(_folder, "checkpoints"));
        using (checkpoints.Take()) Assert.Equal(FailureCause.Checkpoint, Assert.Throws<ConvTransferException>(checkpoints.Take).Cause);
        Assert.False(Directory.Exists(checkpoints.Folder));
        using (checkpoints.Take()) Directory.CreateDirectory(Path.Combine(checkpoints.Folder, "all"));
        Assert.True(checkpoints.HasAny);
    }

    [Fact]
    public void ACancelledTrainingGivesWhatItHas()
    {
        using var source = new CancellationTokenSource();
        var progress = new Immediate<TrainingProgress>(p =>
        {
            if (p is { Epoch: 2, Batch: 1 }) source.Cancel();
        });
        using var model = Pipeline().Fit(_pictures.Images, training: progress, cancellationToken: source.Token);
        Assert.Equal(TrainingEnd.Cancelled, model.Training.End);
        Assert.Single(model.Training.Epochs);
        Assert.Equal(4, model.Training.Steps);
    }

    // The rate is so high that the last weights are not the best ones.
    [Fact]
    public void ACancelledTrainingGivesTheBestOnHeldOutPictures()
    {
        var split = _pictures.Images.Split(0.25, seed: 1);
        using var source = new CancellationTokenSource();
        var progress = new Immediate<TrainingProgress>(p =>
        {
            if (p.Epoch == 13) source.Cancel();
        });
        var how = new FineTuneOptions { Epochs = 60, BatchSize = 6, HeadRate = 0.5 };
        using var model = Pipeline(how).Fit(split.Train, split.Test, training: progress, cancellationToken: source.Token);
        Assert.Equal((TrainingEnd.Cancelled, 12), (model.Training.End, model.Training.Epochs.Count));
        double best = model.Training.Epochs.Min(e => e.HeldOutLoss!.Value);
        Assert.NotEqual(best, model.Training.Epochs[^1].HeldOutLoss!.Value, 3);
        Assert.Equal(best, model.Evaluate(split.Test).LogLoss, 4);
        using var whole = Pipeline(how with { Epochs = 12 }).Fit(split.Train, split.Test);
        Assert.Equal(whole.Training.Epochs[^1].HeldOutLoss!.Value, whole.Evaluate(split.Test).LogLoss, 4);
    }

    // Row T13.
    [Fact]
    public void FewerPicturesThanABatchAreOneBatch()
    {
        var log = new ListLogger();
        using var few = Pipeline(new FineTuneOptions { Epochs = 3, BatchSize = 64, BatchNormalization = BatchNormalizationPolicy.Train }, options: PipelineOptions.Default with { Seed = 3, Logger = log }).Fit(_pictures.Images);
        Assert.Contains(log.Lines, line => line.Contains("16 pictures are fewer than a batch of 64", StringComparison.Ordinal));
        using var all = Pipeline(new FineTuneOptions { Epochs = 3, BatchSize = 16, BatchNormalization = BatchNormalizationPolicy.Train }).Fit(_pictures.Images);
        Assert.Equal(3, few.Training.Steps);
        Assert.True(Weights(few).AsSpan().SequenceEqual(Weights(all)));
    }

    // Of many pictures all files are read for the fingerprint of a checkpoint.
    [Fact]
    public void HashingThePicturesCanBeStopped()
    {
        Assert.NotEmpty(Pipeline().Setup.Inputs(_pictures.Images, null, default)["the pictures"]);
        Assert.Throws<OperationCanceledException>(() => Pipeline().Setup.Inputs(_pictures.Images, null, new CancellationToken(canceled: true)));
    }

    // Row T15: what the pictures are, and how they are made ready, is part of a training.
    [Fact]
    public void AnotherRecipeOtherViewsAndOtherPicturesAreAnotherTraining()
    {
        var where = new FineTuneCheckpoints(Path.Combine(_folder, "checkpoints")) { Resume = true };
        using var source = new CancellationTokenSource();
        var stop = new Immediate<TrainingProgress>(_ => source.Cancel());
        using (Pipeline().SaveCheckpoints(where).Fit(_pictures.Images, training: stop, cancellationToken: source.Token)) Assert.True(where.HasAny);
        string Refused(FineTunePipeline pipeline)
        {
            var e = Assert.Throws<ConvTransferException>(() => pipeline.SaveCheckpoints(where).Fit(_pictures.Images));
            Assert.Equal(FailureCause.Checkpoint, e.Cause);
            return e.Message;
        }

        Assert.Contains("the views is 2 of", Refused(Pipeline().Augment(new PictureViews(Augmentation.Flips, 2))), StringComparison.Ordinal);
        var recipe = new InputRecipe { Resize = new ResizeRule.Exact(PixelSize.Square(24)), Scale = 1 / 256.0 };
        Assert.Contains("the recipe is", Refused(TransferPipeline.FromModel(Network()).Preprocess(recipe).With(PipelineOptions.Default with { Seed = 3 }).FreezeUntil("relu3.out").FineTune(new FineTuneOptions { Epochs = 6, BatchSize = 6 })), StringComparison.Ordinal);
        using (var other = ShapePictures.Draw(99, 1, 1)) PngWriter.Write(other, _pictures.Images.Items[0].Path);
        string pictures = Refused(Pipeline());
        Assert.Contains("the pictures is", pictures, StringComparison.Ordinal);
        Assert.DoesNotContain("the recipe", pictures, StringComparison.Ordinal);
    }

    // Row T26: programs that use the library may have another culture than the command line.
    [Fact]
    public void TheCultureChangesNoByte()
    {
        byte[][] files = [.. new[] { CultureInfo.InvariantCulture, Other() }.Select(culture =>
        {
            string file = Path.Combine(_folder, culture.NumberFormat.NumberDecimalSeparator == "," ? "other.onnx" : "model.onnx");
            var before = CultureInfo.CurrentCulture;
            CultureInfo.CurrentCulture = culture;
            try
            {
                var recipe = InputRecipe.FromJson(new InputRecipe { Resize = new ResizeRule.Exact(PixelSize.Square(24)), Scale = 1 / 255.0 }.ToJson());
                using var model = TransferPipeline.FromModel(Network()).Preprocess(recipe).With(PipelineOptions.Default with { Seed = 3 }).FreezeUntil("relu3.out").FineTune(new FineTuneOptions { Epochs = 2, BatchSize = 6, HeadRate = 0.0125 }).Fit(_pictures.Images);
                model.SaveOnnx(file, FiguresJson.Of(model.Evaluate(_pictures.Images)));
            }
            finally
            {
                CultureInfo.CurrentCulture = before;
            }
            return File.ReadAllBytes(file);
        })];
        Assert.Equal(files[0], files[1]);

        static CultureInfo Other()
        {
            var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            (culture.NumberFormat.NumberDecimalSeparator, culture.NumberFormat.NumberGroupSeparator, culture.NumberFormat.NegativeSign) = (",", ".", "~");
            return culture;
        }
    }
}
